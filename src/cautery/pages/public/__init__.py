"""The pages of the public face: look-up, complaint, figures, and what a blocked visitor sees."""

from cautery.pages.public.render import render_page
from cautery.pages.public.view import Block, Decision, Desk

__all__ = ["Block", "Decision", "Desk", "render_page"]
