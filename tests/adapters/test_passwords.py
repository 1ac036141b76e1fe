"""Hashes of passwords: whoever asks for them, few are under way at a time."""

from __future__ import annotations

from threading import Condition, Thread

from argon2 import PasswordHasher

from cautery.adapters.passwords import MOST_AT_A_TIME, Argon2Passwords


class Slow(PasswordHasher):
    """Makes none before it is told to, and counts those that are under way."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.changed, self.inside, self.most, self.goes_on = Condition(), 0, 0, False

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        with self.changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.goes_on, timeout=60)
            self.inside -= 1
        return bool(hash and password)


def test_however_many_ask_few_hashes_are_made_at_a_time() -> None:
    hasher = Slow()
    passwords = Argon2Passwords(hasher)
    known = passwords.hashed("four words")
    threads = [Thread(target=passwords.fits, args=(known, "four words")) for _ in range(12)]
    for thread in threads:
        thread.start()
    with hasher.changed:
        # Without a bound all twelve come; with one no fifth does, however long one waits.
        hasher.changed.wait_for(lambda: hasher.inside > MOST_AT_A_TIME, timeout=0.3)
        hasher.goes_on = True
        hasher.changed.notify_all()
    for thread in threads:
        thread.join(60)
    assert hasher.most == MOST_AT_A_TIME
