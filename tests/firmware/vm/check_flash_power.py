"""POW-R51: power goes at every single write of the flash, in the file system of a board (littlefs 2)."""

import os

import flash

BLOCK = 512
BLOCKS = 32
NAME = "/board/attempts"


class Chip:
    """Flash whose supply ends after some writes; the last of them is torn in the middle."""

    def __init__(self, content=None, writes=10_000):
        self.content = bytearray(BLOCK * BLOCKS) if content is None else bytearray(content)
        self.writes_left = writes

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = self.content[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        if self.writes_left > 0:
            self.writes_left -= 1
            length = len(buffer) if self.writes_left else len(buffer) // 2
            self.content[start : start + length] = buffer[:length]

    def ioctl(self, request, argument):
        if request == 4:
            return BLOCKS
        if request == 5:
            return BLOCK
        if request == 6:  # erase
            self.writeblocks(argument, b"\xff" * BLOCK)
        return 0


def on_board(chip, act, *arguments):
    os.mount(os.VfsLfs2(chip), "/board")
    try:
        return act(*arguments)
    except OSError:  # the file system noticed that its writes do not stick
        return None
    finally:
        os.umount("/board")


def test_the_old_record_or_the_new_one_is_there_after_power_went_at_any_write():
    chip = Chip()
    os.VfsLfs2.mkfs(chip)
    on_board(chip, flash.save, NAME, b"\x00")
    most = 0
    for value in range(1, 40):  # long enough for the file system to clear blocks and begin them anew
        old, new = bytes((value - 1,)), bytes((value,))
        seen = set()
        for writes in range(100):
            dying = Chip(chip.content, writes)
            on_board(dying, flash.save, NAME, new)
            found = on_board(Chip(dying.content), flash.load, NAME)
            assert found in (old, new), (value, writes, found)
            seen.add(found)
            if dying.writes_left:
                break
        assert seen == {old, new}, value
        most = max(most, writes)
        on_board(chip, flash.save, NAME, new)
    assert most > 5, most
