#!/usr/bin/env python3
"""Writes short, simple stories, and requests for them: the text that the small models learn from.

    stories.py COUNT [--seed 1]

prints COUNT samples. The grammar is in plots.txt, its words are in words.txt, and what is
asked and answered is in talk.txt. Every story has a
plot, a hero whose trait fits it (a greedy one learns to share) and a thing that fits it too (only
food is eaten), so the thread holds. Some requests name an invented word, so that a model learns to
copy a word from the request.
"""

import argparse
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent

KINDS = ["food", "toy", "light", "clothes", "music", "tool", "nature", "keep"]
KIND_GROUPS = {"any": KINDS, "solid": KINDS[1:]}
PRONOUNS = {  # they, them, their, theirs, themself
    "f": ("she", "her", "her", "hers", "herself"),
    "m": ("he", "him", "his", "his", "himself"),
}
PARENTS = ["mother", "father", "grandmother", "grandfather", "mother", "father"]
SMALL = {"small", "little", "tiny", "young", "short", "old"}  # no second "little" after these
ONSETS = "b d f g h j k l m n p r s t v w z bl br cl dr fl gr pl sn st tr zw".split()
VOWELS = "a e i o u oo ee".split()
ENDINGS = "b ck d g ll m n p rk rp t x zz ng".split()


# Reading the grammar


def lines_of(name: str) -> list[str]:
    """The lines of a file beside this script, without comments."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def read_lists(file: str) -> dict[str, list[str]]:
    """Lists by name: a name, and below it, indented, what the list holds."""
    bodies: dict[str, str] = {}
    for line in filter(None, lines_of(file)):
        if line.startswith(" "):
            bodies[name] += " " + line.strip()
        else:
            name = line
            bodies[name] = ""
    return {
        name: body.strip().split("; ") if ";" in body else body.split()
        for name, body in bodies.items()
    }


@dataclass(frozen=True)
class Slot:
    """{name}: a word of the story, or a shared piece."""

    name: str


@dataclass(frozen=True)
class Choice:
    """(a|b|c), and the ways of a beat."""

    ways: list


Template = list  # of str, Slot and Choice


def parse(text: str) -> Template:
    """A way to say something, taken apart."""
    tokens = re.findall(r"[(|)]|\{[^}]*\}|[^(|){]+", text)
    position = 0

    def sequence() -> Template:
        nonlocal position
        parts: Template = []
        while position < len(tokens) and tokens[position] not in "|)":
            token = tokens[position]
            position += 1
            if token == "(":
                ways = [sequence()]
                while tokens[position] == "|":
                    position += 1
                    ways.append(sequence())
                position += 1  # the closing bracket
                parts.append(Choice(ways))
            else:
                parts.append(Slot(token[1:-1]) if token.startswith("{") else token)
        return parts

    template = sequence()
    if position < len(tokens):
        raise ValueError(f"a bracket is closed that was not opened: {text}")
    return template


@dataclass
class Plot:
    name: str
    themes: list[str]
    traits: list[str]
    kinds: list[str]  # of thing
    fits_any_thing: bool
    on_land: bool
    beats: list[Choice]


@dataclass
class Grammar:
    words: dict[str, list[str]]
    pieces: dict[str, Choice] = field(default_factory=dict)
    plots: dict[str, Plot] = field(default_factory=dict)


def ways_of(lines: list[str], pieces: dict[str, Choice]) -> Choice:
    """The ways of a beat or a piece; a line that is indented goes on with the one above."""
    ways: list[str | list[Template]] = []
    for line in lines:
        if line.startswith("*"):
            ways.append(line[1:].strip())
        elif line.startswith("= "):
            name, first = re.fullmatch(r"= (.*?)(?: (\d+))?", line).groups()
            ways.append(pieces[name].ways[: int(first) if first else None])
        else:
            ways[-1] += " " + line.strip()
    return Choice(
        [template for way in ways for template in ([parse(way)] if isinstance(way, str) else way)]
    )


def paragraphs(lines: list[str]) -> list[list[str]]:
    """Groups of lines that an empty line parts."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if line:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def read_plot(name: str, lines: list[str]) -> Plot:
    """What a plot says of itself; its beats follow in paragraphs of their own."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(" "):
            fields[key] += " " + line.strip()
        else:
            key, value = line.split(maxsplit=1)
            fields[key] = value
    things = fields["things"]
    return Plot(
        name=name,
        themes=fields["about"].split("; "),
        traits=fields["traits"].split(),
        kinds=KIND_GROUPS.get(things) or things.split(),
        fits_any_thing=things in KIND_GROUPS,
        on_land=fields.get("where") == "land",
        beats=[],
    )


def read_grammar() -> Grammar:
    grammar = Grammar(read_lists("words.txt"))
    plot = None
    for lines in paragraphs(lines_of("plots.txt")):
        if lines[0].startswith("piece "):
            grammar.pieces[lines[0].removeprefix("piece ")] = ways_of(lines[1:], grammar.pieces)
        elif lines[0].startswith("plot "):
            name = lines[0].removeprefix("plot ")
            plot = grammar.plots[name] = read_plot(name, lines[1:])
        else:
            plot.beats.append(ways_of(lines, grammar.pieces))
    return grammar


GRAMMAR = read_grammar()
WORDS = GRAMMAR.words
TALK = read_lists("talk.txt")


# Stories


def with_article(word: str) -> str:
    vowel = word[0] in "aeiou" and not word.startswith(("uni", "one"))
    return ("an " if vowel else "a ") + word


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def one_of(ways: list, rng: random.Random):
    return ways[int(rng.random() * len(ways))]


def render(part, rng: random.Random, slots: dict, used: set[str]) -> str:
    """The text of a template, and in `used` the names of the slots that are in it."""
    if isinstance(part, str):
        return part
    if isinstance(part, Choice):
        return render(one_of(part.ways, rng), rng, slots, used)
    if isinstance(part, Slot):
        used.add(part.name)
        return render(slots[part.name], rng, slots, used)
    return "".join(render(inner, rng, slots, used) for inner in part)


def invented_word(rng: random.Random) -> str:
    """The head of one word and the tail of another, or syllables."""
    if rng.random() < 0.5:
        lists = ["other things", "land animals", "sea animals", "women", "men"]
        known = [word for name in lists for word in WORDS[name]]
        head, tail = rng.choice(known), rng.choice(known)
        word = head[: rng.randint(1, 4)] + tail[-rng.randint(2, 5) :]
        if len(word) > 3 and "*" not in word:
            return word
    syllables = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice([1, 2, 2]))]
    return "".join(syllables) + rng.choice(ENDINGS)


@dataclass(frozen=True)
class Being:
    kind: str  # "fox"
    gender: str  # "f" or "m"
    name: str


def being(rng: random.Random, in_sea: bool) -> Being:
    """A hero or a friend."""
    share = rng.random()
    is_person = False
    if in_sea:
        kind, gender = rng.choice(WORDS["sea animals"]), rng.choice("fm")
    elif share < 0.52:
        kind, gender = rng.choice(WORDS["land animals"]), rng.choice("fm")
    elif share < 0.66:
        kind, gender = rng.choice(WORDS["flying animals"]), rng.choice("fm")
    elif share < 0.78:
        kind, gender, is_person = rng.choice(WORDS["women"]), "f", True
    elif share < 0.92:
        kind, gender, is_person = rng.choice(WORDS["men"]), "m", True
    else:
        kind, gender = rng.choice(WORDS["living things"]), rng.choice("fm")
    if kind == "mermaid":
        gender = "f"
    human = "girls' names" if gender == "f" else "boys' names"
    names = human if is_person or rng.random() < 0.35 else "pets' names"
    return Being(kind, gender, rng.choice(WORDS[names]))


def thing_of(kind: str, rng: random.Random) -> tuple[str, bool]:
    """A thing, and whether there is "some" of it rather than one."""
    word = rng.choice(WORDS[kind])
    return word.rstrip("*"), word.endswith("*")


def thing_for(plot: Plot, rng: random.Random) -> tuple[str, bool]:
    if plot.fits_any_thing and rng.random() >= 0.75:
        return rng.choice(WORDS["other things"]), False
    return thing_of(rng.choice(plot.kinds), rng)


@dataclass
class Story:
    text: str
    plot: str
    theme: str
    hero: str
    name: str
    thing: str
    some: bool  # "some bread"
    trait: str = ""  # of the hero; this and what follows only where the text holds it
    adjective: str = ""  # of the thing
    place: str = ""
    friend: str = ""
    skill: str = ""
    invented: list[str] = field(default_factory=list)  # words that are in no list


def choose_plot(rng: random.Random) -> tuple[Plot, bool]:
    """A plot, and whether it is told in the sea."""
    plots = GRAMMAR.plots
    name = rng.choice(list(plots))
    in_sea = rng.random() < (0.7 if name == "sea" else 0.05)
    if name == "sea":
        in_sea = True
    elif in_sea:
        name = rng.choice([n for n, plot in plots.items() if not plot.on_land])
    return plots[name], in_sea


def choose_place(plot: Plot, in_sea: bool, rng: random.Random) -> str:
    place = rng.choice(WORDS["places in the sea" if in_sea else "places on land"])
    unfit = {"snow": ("desert", "jungle", "moon"), "reach": ("moon",)}.get(plot.name)
    if unfit:
        land = WORDS["places on land"]
        place = rng.choice([p for p in land if not any(word in p for word in unfit)])
    return place


def spots_for(plot: Plot, in_sea: bool, rng: random.Random) -> list[str]:
    """Three places to look at."""
    at_home = not in_sea and (plot.name == "noise" or plot.name == "lost" and rng.random() < 0.5)
    region = "at home" if at_home else "in the sea" if in_sea else "on land"
    return rng.sample(WORDS[f"spots {region}"], 3)


def pronoun_slots(gender: str, prefix: str = "") -> dict[str, str]:
    keys = ("they", "them", "their", "theirs", "themself")
    slots = {prefix + key: word for key, word in zip(keys, PRONOUNS[gender])}
    return slots | {prefix + capital(key): capital(slots[prefix + key]) for key in keys}


def tidy(text: str) -> str:
    """One space between words, and a capital letter where a sentence begins."""
    text = re.sub(r"  +", " ", text)

    def begin(match: re.Match) -> str:
        goes_on = re.search(r"[!?]\" $", match.group(1))  # "Help!" cried …
        return match.group(0) if goes_on else match.group(1) + match.group(2).upper()

    return re.sub(r"(^|[.!?]\"? |[.!?]\"?\n|\n)([a-z])", begin, text)


def holds(text: str, words: str) -> bool:
    return re.search(r"\b" + re.escape(words) + r"\b", text) is not None


def make_story(rng: random.Random, share_invented: float = 0.0) -> Story:
    """A story. `share_invented` of them are about a hero or a thing that is in no list."""
    has_invented = share_invented > 0 and rng.random() < share_invented
    plot, in_sea = choose_plot(rng)
    hero = being(rng, in_sea)
    for _ in range(20):  # a friend who is not easily mistaken for the hero
        friend = being(rng, in_sea)
        alike = friend.name in hero.name or hero.name in friend.name
        if friend.kind != hero.kind and not alike:
            if friend.gender != hero.gender or rng.random() < 0.25:
                break

    kind = hero.kind
    thing, some = thing_for(plot, rng)
    invented = []
    if has_invented:
        which = rng.random()
        if which < 0.6:
            kind = invented_word(rng)
            invented.append(kind)
        if which > 0.4:
            thing, some = invented_word(rng), False
            invented.append(thing)
    while thing in (kind, friend.kind):
        thing, some = thing_of(rng.choice(plot.kinds), rng)

    trait = rng.choice(plot.traits if rng.random() > 0.15 else WORDS["other traits"])
    adjective = rng.choice(WORDS["fine"])
    place = choose_place(plot, in_sea, rng)
    spots = spots_for(plot, in_sea, rng)
    wares = WORDS["toy"] + WORDS["clothes"] + WORDS["tool"]
    swaps = rng.sample([ware for ware in wares if ware not in (thing, kind, friend.kind)], 2)
    parent = rng.choice(PARENTS)
    skill = rng.choice(WORDS["skills"])
    little = "little " if trait not in SMALL and rng.random() < 0.25 else ""
    of_friend = rng.choice(["", "", "", "friendly ", "kind ", "little ", "old ", "funny ", "wise "])

    article = (lambda word: "some " + word) if some else with_article
    fine_thing = f"{adjective} {thing}"
    their_parent = f"{PRONOUNS[hero.gender][2]} {parent}"
    a_friend = with_article(of_friend + friend.kind)
    slots = {
        **GRAMMAR.pieces,
        **pronoun_slots(hero.gender),
        **pronoun_slots(friend.gender, "friend "),
        "name": hero.name,
        "hero": kind,
        "a hero": with_article(f"{trait} {little}{kind}"),
        "trait": trait,
        "place": place,
        "Place": capital(place),
        "parent": parent,
        "their parent": their_parent,
        "Their parent": capital(their_parent),
        "parent they": "she" if "mother" in parent else "he",
        "friend name": friend.name,
        "friend": friend.kind,
        "a friend": a_friend,
        "A friend": capital(a_friend),
        "thing": thing,
        "Thing": capital(thing),
        "fine": adjective,
        "fine thing": fine_thing,
        "a thing": article(thing),
        "a fine thing": article(fine_thing),
        "A fine thing": capital(article(fine_thing)),
        "skill": skill,
        "likes": one_of_pieces("likes", rng),
    }
    if plot.name == "gift" and some:
        slots["A fine thing"] = capital(fine_thing)
    for i, spot in enumerate(spots, start=1):
        slots |= {f"spot {i}": spot, f"Spot {i}": capital(spot)}
    for i, swap in enumerate(swaps, start=1):
        slots |= {f"swap {i}": swap, f"a swap {i}": with_article(swap)}

    used: set[str] = set()
    told = [render(beat, rng, slots, used).strip() for beat in plot.beats]
    text = told[0]
    for beat in told[1:]:
        text += ("\n" if rng.random() < 0.45 else " ") + beat
    text = tidy(text)

    story = Story(
        text, plot.name, rng.choice(plot.themes), kind, hero.name, thing, some, invented=invented
    )
    if holds(text, f"{trait} {kind}") or holds(text, f"{trait} little {kind}"):
        story.trait = trait
    if holds(text, fine_thing):
        story.adjective = adjective
    if holds(text, place) or holds(text, capital(place)):
        story.place = place
    if "friend name" in used and holds(text, friend.kind):
        story.friend = friend.kind
    if "skill" in used:
        story.skill = skill
    return story


def one_of_pieces(name: str, rng: random.Random) -> Template:
    """One way of a shared piece, the same wherever a story names it."""
    return rng.choice(GRAMMAR.pieces[name].ways)


# Requests


def request_for(story: Story, rng: random.Random) -> str:
    """A request that this story answers. It names every invented word: none comes unasked."""
    while True:
        text = any_request_for(story, rng)
        if all(word in text for word in story.invented):
            return text


def any_request_for(story: Story, rng: random.Random) -> str:
    if rng.random() < 0.08:
        return rng.choice(TALK["asks for any"])
    trait = f"{story.trait} " if story.trait and rng.random() < 0.4 else ""
    hero = with_article(trait + story.hero)
    if rng.random() < 0.18:
        hero += rng.choice([" named ", " called "]) + story.name
    adjective = f"{story.adjective} " if story.adjective and rng.random() < 0.3 else ""
    thing = adjective + story.thing
    thing = rng.choice(["some ", ""]) + thing if story.some else with_article(thing)

    subjects = [f"{hero} and {thing}"] * 6 + [hero] * 3 + [thing] * 2 + [f"{thing} and {hero}"] * 2
    if story.friend:
        friend = with_article(story.friend)
        subjects += [f"{hero} and {friend}"] * 3 + [f"{hero}, {friend} and {thing}"] * 2
    if story.place:
        subjects += [f"{hero} {story.place}"] * 2 + [f"{hero} and {thing} {story.place}"]
    subjects += [story.theme] * 2 + [f"{hero} and {story.theme}"]
    if story.plot in ("owner", "noise", "sea", "map", "wish"):
        subjects += [f"{hero} who finds {thing}"]
    if story.plot in ("lost", "warn"):
        subjects += [f"{hero} who loses {thing}"] * 2
    if story.skill:
        wishes = [f"{hero} who wants to {story.skill}", f"{hero} who can not {story.skill}"]
        subjects += wishes * 3
    subject = rng.choice(subjects)
    return rng.choice(TALK["asks for"]).format(x=subject, X=capital(subject))


def small_talk(rng: random.Random) -> tuple[str, str]:
    """What is no request for a story, and the answer to it."""
    topics = [name for name in TALK if name + ", answered" in TALK]
    topic = rng.choice(topics)
    thing, some = thing_of(rng.choice(KINDS), rng)
    asked, answer = rng.choice(TALK[topic]), rng.choice(TALK[topic + ", answered"])
    lists = ["land animals", "flying animals", "sea animals", "women", "men"]
    heroes = [word for name in lists for word in WORDS[name]]
    words = {
        "a hero": with_article(rng.choice(heroes)),
        "a thing": "some " + thing if some else with_article(thing),
    }
    return asked, answer.format(**words)


# Samples


@dataclass
class Sample:
    """One or two stories on their own, or a chat: requests with their answers."""

    stories: list[str] = field(default_factory=list)
    chat: list[tuple[str, str]] = field(default_factory=list)
    has_invented: bool = False


def make_sample(rng: random.Random, share_invented: float = 0.04) -> Sample:
    share = rng.random()
    if share < 0.5:
        sample = Sample(stories=[make_story(rng).text])
        if rng.random() < 0.12:
            sample.stories.append(make_story(rng).text)
        return sample

    def asked_story() -> tuple[str, str]:
        story = make_story(rng, share_invented)
        sample.has_invented = sample.has_invented or bool(story.invented)
        return request_for(story, rng), story.text

    sample = Sample()
    only_talk = share < 0.53
    sample.chat.append(small_talk(rng) if only_talk else asked_story())
    for _ in range(rng.choice([0] * 16 + [1, 1, 2, 2])):  # more turns, now and then
        turn = rng.random()
        if turn < 0.35:
            sample.chat.append(small_talk(rng))
        elif turn < 0.65 and not only_talk:
            sample.chat.append((rng.choice(TALK["asks for more"]), make_story(rng).text))
        else:
            sample.chat.append(asked_story())
    return sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, help="how many samples to print")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    for _ in range(arguments.count):
        sample = make_sample(rng)
        print("-" * 100)
        for text in sample.stories:
            print(text)
        for asked, answer in sample.chat:
            print(f"[INST] {asked} [/INST] {answer}")


if __name__ == "__main__":
    main()
