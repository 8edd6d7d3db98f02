"""Composition root of the agent: the only place that knows services and adapters both."""

from bench_agent.app.agent import agent_version, build_agent, run_agent
from bench_agent.app.run import Agent

__all__ = ["Agent", "agent_version", "build_agent", "run_agent"]
