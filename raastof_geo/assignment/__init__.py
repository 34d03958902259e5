"""The programme: one function per constraint, pricing-in, certificate, explanation."""

from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.rules import RULES
from raastof_geo.assignment.rules.row import About, Family, Row, Rule, declare
from raastof_geo.assignment.solving.certificate import Certificate, certify
from raastof_geo.assignment.statement.layout import build_problem
from raastof_geo.assignment.statement.measures import MEASURES
from raastof_geo.assignment.statement.problem import Problem
from raastof_geo.assignment.statement.programme import build_programme
from raastof_geo.assignment.telling.why_not import Reason, compare_sites, explain_why_not

__all__ = [
    "MEASURES",
    "RULES",
    "About",
    "Certificate",
    "Family",
    "Plan",
    "Problem",
    "Reason",
    "Row",
    "Rule",
    "assign",
    "build_problem",
    "build_programme",
    "certify",
    "compare_sites",
    "declare",
    "explain_why_not",
]
