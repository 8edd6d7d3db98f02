"""What the loads of a bench take, by the plan that switches them. Pure; the reference bench as default."""

from dataclasses import dataclass

from bench_agent.domain.energy_plan import AudioMode, EnergyPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPowers:
    """Watts of each load while it is on."""

    computer_w: float = 5.0
    hotspot_w: float = 4.0
    display_w: float = 20.0
    audio_w: float = 3.0

    def of(self, plan: EnergyPlan) -> float:
        """Watts of everything that ``plan`` has on, the computer included."""
        display_w = self.display_w if plan.display_on else 0.0
        hotspot_w = self.hotspot_w if plan.hotspot_on else 0.0
        audio_w = self.audio_w if plan.audio is AudioMode.FULL else 0.0
        return self.computer_w + hotspot_w + display_w + audio_w
