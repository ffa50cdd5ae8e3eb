"""How the pages look: the reports' colours, light and dark, on Gradio's plainest theme; fonts are the machine's."""

from __future__ import annotations

from inspect import signature

import gradio as gr

from semana.reports.pages import page
from semana.ui.drawn import drawn

_SANS = ("system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "monospace")


def css() -> str:
    """The style sheet: the reports' colours and figures, then ours."""
    return f"{page('colours.css')}\n.sem {{\n{page('drawing.css')}\n}}\n{drawn('pages.css', 'en')}"


def theme() -> gr.themes.Base:
    """Gradio's theme in the reports' colours, which follow light and dark by themselves."""
    accent = {"background_fill": "var(--m0)", "background_fill_hover": "var(--m0)", "text_color": "var(--card)"}
    base = gr.themes.Base(font=_SANS, font_mono=_MONO, radius_size="md", text_size="md", spacing_size="md")
    paints = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--paper)",
        "block_background_fill": "var(--card)",
        "block_border_color": "var(--line)",
        "block_label_text_color": "var(--soft)",
        "block_title_text_color": "var(--soft)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--m0)",
        "color_accent": "var(--m0)",
        "color_accent_soft": "var(--band)",
        "input_background_fill": "var(--card)",
        "input_border_color": "var(--line)",
        "input_border_width": "1px",
        "input_border_color_focus": "var(--m0)",
        "input_placeholder_color": "var(--soft)",
        "link_text_color": "var(--m0)",
        "button_secondary_background_fill": "var(--card)",
        "button_secondary_background_fill_hover": "var(--grid)",
        "button_secondary_border_color": "var(--line)",
        "button_secondary_text_color": "var(--ink)",
        **{f"button_primary_{name}": value for name, value in accent.items()},
    }
    known = signature(base.set).parameters  # some have no dark twin; the colours themselves differ in the dark
    twins = {f"{name}_dark": value for name, value in paints.items() if f"{name}_dark" in known}
    return base.set(**paints, **twins)
