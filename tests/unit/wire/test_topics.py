import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.wire import topics
from bench_agent.wire.ids import CROCKFORD, BenchId
from bench_agent.wire.topics import Channel, TopicError

BENCH = BenchId("tgx000000001")
LEAVES = {Channel.TELE: "power", Channel.ACK: "c1", Channel.COMMAND: "c1"}


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_parses_back_to_what_built_it_fl_w1(channel: Channel) -> None:
    leaf = LEAVES.get(channel, "")
    assert topics.parse(topics.build(BENCH, channel, leaf)) == (BENCH, channel, leaf)


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_says_how_it_is_delivered_fl_w1(channel: Channel) -> None:
    assert topics.DELIVERY[channel].qos in (0, 1)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "sb/v1",
        "sb/v2/tgx000000001/up/log",
        "sb/v1/TGX000000001/up/log",
        "sb/v1/tgx000000001/up",
        "sb/v1/tgx000000001/up/log/extra",
        "sb/v1/tgx000000001/up/tele",
        "sb/v1/tgx000000001/up/tele/secret",
        "sb/v1/tgx00000000l/up/log",
        "sb/v1/_srv/state",
    ],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(TopicError):
        topics.parse(topic)


@given(st.text(max_size=60))
def test_any_text_is_a_topic_or_a_clear_error(text: str) -> None:
    try:
        parsed = topics.parse(text)
    except TopicError:
        return
    assert topics.build(*parsed) == text


@given(st.text(alphabet=CROCKFORD, min_size=12, max_size=12))
def test_every_crockford_id_makes_a_topic(bench: str) -> None:
    assert topics.parse(topics.build(BenchId(bench), Channel.LOG)).bench == bench
