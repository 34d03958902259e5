"""The programme: one function per constraint, solving, certificate, explanation."""

from raastof_geo.assignment.certificate import Certificate, certify
from raastof_geo.assignment.plan import Plan, assign
from raastof_geo.assignment.problem import MEASURES, Problem, build_problem
from raastof_geo.assignment.rules import RULES, Row

__all__ = [
    "MEASURES",
    "RULES",
    "Certificate",
    "Plan",
    "Problem",
    "Row",
    "assign",
    "build_problem",
    "certify",
]
