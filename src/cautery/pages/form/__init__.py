"""The paper of a form, for Typst: its fields with their values, on as many pages as it takes."""

from cautery.pages.form.render import form_typst
from cautery.pages.form.view import FormLine, FormPage, FormTable

__all__ = ["FormLine", "FormPage", "FormTable", "form_typst"]
