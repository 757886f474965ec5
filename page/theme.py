"""The look of Gradio's own components, light and dark; `app.css` has the rest."""

import gradio as gr

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate, neutral_hue=gr.themes.colors.stone,
    radius_size=gr.themes.sizes.radius_lg,
    # Fonts of the visitor's own system: nothing is fetched from elsewhere.
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(
    body_background_fill="#f6f4ef", body_background_fill_dark="#171614",
    body_text_color="#26231f", body_text_color_dark="#ece8e1",
    body_text_color_subdued="#625c53", body_text_color_subdued_dark="#aca59a",
    background_fill_primary="#fffdf9", background_fill_primary_dark="#1f1d1a",
    block_background_fill="#fffdf9", block_background_fill_dark="#1f1d1a",
    block_border_color="#dfd9cd", block_border_color_dark="#3a362f",
    border_color_primary="#dfd9cd", border_color_primary_dark="#3a362f",
    block_shadow="none", block_shadow_dark="none",
)
