"""Composition root of the agent: the only place that knows services and adapters both."""

from bench_agent.app.agent import Agent, agent_version, build_agent, run_agent

__all__ = ["Agent", "agent_version", "build_agent", "run_agent"]
