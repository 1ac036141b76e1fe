"""The document of a dossier: what is claimed, how often such a claim errs, and what else may be."""

from cautery.pages.dossier.render import dossier_typst
from cautery.pages.dossier.view import ClaimView, DossierView, claims_of

__all__ = ["ClaimView", "DossierView", "claims_of", "dossier_typst"]
