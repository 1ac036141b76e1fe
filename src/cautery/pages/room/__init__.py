"""The pages of the operations room: views of frozen values, templates, and how they are written."""
