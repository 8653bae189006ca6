"""Who is in the demo, and what they have to say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the demo. Without a password nobody can sign in as them."""

    name: str
    password: str | None = None

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@example.com"


@dataclass(frozen=True, slots=True)
class Story:
    """A post, and who said what below it, in order."""

    author: str
    title: str
    text: str
    comments: tuple[tuple[str, str], ...] = ()


PEOPLE = (
    Person("Ana", "hark-demo-ana"),
    Person("Bo", "hark-demo-bo"),
    Person("Cleo"),
    Person("Devi"),
    Person("Emil"),
)

# Oldest first.
STORIES = (
    Story(
        "Emil",
        "The swifts are back",
        "First one over the yard at 6:40 this morning, then nine of them by noon, screaming like "
        "children let out of school.\n\nThey have come from the Congo, sleeping on the wing, and "
        "the first thing they do is race each other round the church tower. I watched until my "
        "coffee was cold. If you have a loose roof tile, leave it loose.",
        (
            ("Cleo", "Ours came on Thursday! Same crack in the same wall, eleven years now."),
            ("Devi", "I had no idea they sleep while flying. That explains the landing."),
        ),
    ),
    Story(
        "Cleo",
        "What the piano tuner told me",
        "He hit one key, listened, and said: you moved this piano in winter, didn't you?\n\nWe did."
        " He could hear which side of it had stood against the cold wall. Then he spent two hours "
        "making every string very slightly wrong, because, he says, a piano where everything is "
        "right sounds dead. I have thought about that all week.",
        (
            ("Bo", "Slightly wrong everywhere, in proportion. I want this on my gravestone."),
            ("Emil", "Stretch tuning! The high strings are stiff, so their overtones run sharp."),
            ("Ana", "Did he also find the pencil that rolls about in ours?"),
        ),
    ),
    Story(
        "Devi",
        "Ask me anything about lighthouse keeping",
        "I spent four months on a rock with a lamp, two colleagues and 1,200 tins. The lamp is "
        "automatic. The tins are not.\n\nThings nobody warns you of: the fog signal has a rhythm, "
        "and after a week you talk in its gaps, even on days without fog.",
        (
            ("Ana", "What was the first thing you did when you were back?"),
            ("Devi", "Ate a peach, standing in the shop, before paying for it."),
        ),
    ),
    Story(
        "Bo",
        "Sourdough, attempt fourteen",
        "Attempt thirteen could have held a door open, so this time I changed one thing only: I "
        "did nothing. No folding, no prodding, no lifting the cloth to look. I went out and came "
        "back six hours later.\n\nIt rose. It has holes. It sings when it cools, a crackle you can "
        "hear from the next room. Apparently the missing ingredient was me, somewhere else.",
        (
            ("Ana", "The crackle is the best part. Bakers call it the bread's song."),
            ("Cleo", "Fourteen! I stopped at three and took up crackers."),
            ("Devi", "Please write the same post about raising teenagers."),
        ),
    ),
    Story(
        "Ana",
        "A map of every bench in town",
        "It began as a note for my mother, who likes to know where she can sit down. Now it has "
        "212 benches, with shade, back rest and view, each from one to five.\n\nThe best one is "
        "behind the water works: five, five, five. You look down the whole valley and hear "
        "nothing but a pump. I nearly kept it to myself.",
        (
            ("Emil", "I know that bench. We scratched our initials into it in 1987. Sorry."),
            ("Bo", "Could you add which ones are dry after rain? I would use this every day."),
            ("Cleo", "My mother says thank you. She has printed it."),
        ),
    ),
    Story(
        "Bo",
        "Things my grandfather repaired with string",
        "A gate. A kite. The handle of a saucepan. A clock, for nine years. His glasses, for a "
        "wedding, in white. A fence, and when the fence fell, the string stood.\n\nI found the "
        "last of the ball in his drawer, with a label: pieces too short to use. There were dozens, "
        "sorted by length.",
        (("Devi", "Sorted by length. What a man."),),
    ),
    Story(
        "Ana",
        "Tea",
        "Unpopular opinion: the second cup from the same leaves is the better one. The first is "
        "all news. The second has thought about it.\n\nTell me I am wrong, but bring biscuits.",
        (("Devi", "You are right, and I brought the biscuits anyway."),),
    ),
)
