"""The pages for people: Gradio over the API, by HTTP alone; nothing here knows the home."""
