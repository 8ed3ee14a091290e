"""Forecasting of time series."""

from gatelet.tasks.forecasting.forecaster import Forecaster as Forecaster
from gatelet.tasks.forecasting.network import NetworkSettings as NetworkSettings
from gatelet.tasks.forecasting.results import Backtest as Backtest
from gatelet.tasks.forecasting.results import Forecast as Forecast
from gatelet.tasks.forecasting.results import Scores as Scores
