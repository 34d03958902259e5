"""The programme: one function per constraint, pricing-in, certificate, explanation."""

from raastof_geo.assignment.plan import Plan as Plan
from raastof_geo.assignment.plan import assign as assign
from raastof_geo.assignment.rules import RULES as RULES
from raastof_geo.assignment.solving.certificate import Certificate as Certificate
from raastof_geo.assignment.solving.certificate import certify as certify
from raastof_geo.assignment.statement.layout import MEASURES as MEASURES
from raastof_geo.assignment.statement.layout import build_problem as build_problem
from raastof_geo.assignment.statement.problem import Problem as Problem
from raastof_geo.assignment.statement.row import About as About
from raastof_geo.assignment.statement.row import Family as Family
from raastof_geo.assignment.statement.row import Row as Row
from raastof_geo.assignment.statement.row import Rule as Rule
from raastof_geo.assignment.statement.row import build_programme as build_programme
from raastof_geo.assignment.statement.row import declare as declare
from raastof_geo.assignment.telling.why_not import Reason as Reason
from raastof_geo.assignment.telling.why_not import compare_sites as compare_sites
from raastof_geo.assignment.telling.why_not import explain_why_not as explain_why_not
