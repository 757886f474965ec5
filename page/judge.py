"""The tab Judge: one image, its verdict and what else can be said of it."""

import gradio as gr


def tab(ensemble):
    """Lay the tab out."""
    gr.HTML("", apply_default_css=False)
