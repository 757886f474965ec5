"""The tab "prepare"."""

import gradio as gr


def tab(ensemble):
    """Lay the tab out."""
    gr.HTML("", apply_default_css=False)
