"""What the meters on an INA219, 226, 260 or 3221 have in common, with and without a kernel driver."""

from abc import ABC, abstractmethod

from bench_agent.adapters.device_thread import DeviceThread
from bench_agent.adapters.ina_wiring import InaSample, InaWiring
from bench_agent.domain.power_reading import PowerReading, ReadingQuality
from bench_agent.errors import PowerMeterGarbledError, PowerMeterSilentError
from bench_agent.ports.clock import Clock


class InaPowerMeter(ABC):
    """Measures when asked and holds nothing open in between, so an unplugged chip may come back any time."""

    def __init__(self, wiring: InaWiring, clock: Clock) -> None:
        self._wiring = wiring
        self._clock = clock
        self._thread = DeviceThread()

    async def read(self) -> PowerReading:
        """Measure now.

        Raises:
            PowerMeterUnreachableError: No bus, no right, no chip, or somebody else has it.
            PowerMeterSettingsError: Chip, address or shunt are not as the settings say.
            PowerMeterSilentError: The bus is stuck.
            PowerMeterGarbledError: It answers, but with no usable number.
        """
        measured_at_ms = self._clock.monotonic_ms()
        try:
            samples = await self._thread.call(self._measure)
        except TimeoutError as err:
            raise PowerMeterSilentError(
                f"{self._name} does not answer in time. Cure: check SDA, SCL and ground of the I2C bus."
            ) from err
        reading = self._wiring.reading(samples, measured_at_ms)
        if reading.quality is ReadingQuality.STALE:
            raise PowerMeterGarbledError(
                f"{self._name} answers, but with no usable number. Cure: take its supply off and on again."
            )
        return reading

    async def close(self) -> None:
        """Wait until a late answer is over."""
        await self._thread.settle()

    @property
    @abstractmethod
    def _name(self) -> str:
        """What the settings call this meter."""

    @abstractmethod
    def _measure(self) -> list[InaSample]:
        """Look at every used channel, in a thread; raises PowerMeterError, the text with its cure."""
