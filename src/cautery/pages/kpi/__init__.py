"""The sheet of key figures as a page: five families, what is measured and what is not."""

from cautery.pages.kpi.render import POLICY_OF_PAGE, sheets_html
from cautery.pages.kpi.view import FamilyView, KpiPage, KpiRow

__all__ = ["POLICY_OF_PAGE", "FamilyView", "KpiPage", "KpiRow", "sheets_html"]
