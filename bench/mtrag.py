"""Files of conversations with their sources, in MTRAG's JSON Lines, as long as a benchmark wants them.

The file repeats real conversations where ../shared/data/mtrag is there, else ones written here, of the same shape.
Each time round, every conversation has a new `conversation_id` and `task_id`. Its documents keep their ids: a corpus is
cited again and again, so each repeated passage is a citation of a source that is known already.
"""

import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

REAL: Final = Path(__file__).resolve().parent.parent.parent / "shared/data/mtrag/mtragun_reference.jsonl.gz"

_WORDS: Final = (
    *("account", "answer", "before", "budget", "change", "document", "early", "field", "guide", "harbour", "income"),
    *("journey", "ladder", "market", "number", "office", "paper", "question", "record", "season", "ticket", "under"),
    *("village", "water", "yearly", "river", "council", "battery", "engine", "interest", "rate", "bridge", "law"),
)


def base() -> tuple[str, list[dict[str, Any]]]:
    """The conversations to repeat, and where they are from."""
    if REAL.is_file():
        with gzip.open(REAL, "rt", encoding="utf-8") as lines:
            return "MTRAG's reference file", [json.loads(line) for line in lines]
    return "a file generated in MTRAG's shape", list(_made())


def repeated(records: list[dict[str, Any]]) -> Iterator[tuple[bytes, int]]:
    """The lines of the file, without end, and how many messages each holds."""
    for turn in range(1_000_000):
        for record in records:
            name = hashlib.md5(f"{record['conversation_id']}/{turn}".encode(), usedforsecurity=False).hexdigest()
            renewed = {**record, "conversation_id": name, "task_id": f"{name}<::>{record['turn']}"}
            line = json.dumps(renewed, ensure_ascii=False).encode("utf-8") + b"\n"
            yield line, len(record["input"]) + len(record["targets"])


def write(path: Path, *, messages: int | None = None, size: int | None = None) -> tuple[str, int, int]:
    """Write a file of at least that many messages, or bytes.

    Returns where its conversations are from, and how many conversations and messages it holds.
    """
    source, records = base()
    conversations = written = held = 0
    with path.open("wb") as file:
        for line, count in repeated(records):
            file.write(line)
            conversations, written, held = conversations + 1, written + len(line), held + count
            if (messages is None or held >= messages) and (size is None or written >= size):
                break
    return source, conversations, held


def _made() -> Iterator[dict[str, Any]]:
    """507 conversations with about the averages of the real ones: nine messages, two passages, 7,500 bytes."""
    chance = random.Random(11)
    passages = [
        {"document_id": f"{number}-0-{number % 977}", "text": _text(chance, 240), "title": _text(chance, 4)}
        for number in range(1152)
    ]
    for number in range(507):
        questions = chance.randint(1, 8)
        time = 1_722_000_000 + 7919 * number
        said = []
        for place in range(2 * questions):
            asks = place % 2 == 0
            author = (
                {"author_type": "human", "author_id": f"person-{number % 30}"}
                if asks
                else {"author_type": "model", "author_id": "a-model"}
            )
            said.append(
                {
                    "speaker": "user" if asks else "agent",
                    "text": _text(chance, 10 if asks else 70),
                    "metadata": {**author, "created_at": time + 40 * place},
                }
            )
        name = f"{number:032x}"
        yield {
            "conversation_id": name,
            "task_id": f"{name}<::>{questions}",
            "task_type": "rag",
            "turn": str(questions),
            "dataset": "MT-RAG 2.0",
            "contexts": chance.sample(passages, chance.choice((0, 1, 2, 3, 5))),
            "input": said[:-1],
            "targets": said[-1:],
            "Question Type": ["Factoid"],
            "Multi-Turn": "Follow-up",
            "answerability": ["ANSWERABLE"],
            "Collection": chance.choice(("govt", "clapnq", "ibmcloud", "fiqa")),
        }


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize()
