"""From tables to arrays: columns, frequency, calendar and the panel of series."""

from gatelet.features.calendar import calendar_features as calendar_features
from gatelet.features.columns import Columns as Columns
from gatelet.features.columns import Schema as Schema
from gatelet.features.fitting import fit_schema as fit_schema
from gatelet.features.frequency import Frequency as Frequency
from gatelet.features.frequency import infer_frequency as infer_frequency
from gatelet.features.panel import Panel as Panel
from gatelet.features.panel import read_panel as read_panel
from gatelet.features.table import Table as Table
from gatelet.features.table import read_table as read_table
