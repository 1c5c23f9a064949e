#!/usr/bin/env python3
"""Writes the golden files of the tokenizers: texts, and what PyPI's `tokenizers` makes of them.

Run it from the repository's root; README.md beside this says with which version. Names of files to write
may follow; else it writes all.
"""

import itertools
import json
import random
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = Path(__file__).parent
SHIPPED = ["tales-gpt2", "tales-mistral"]
SHIPPED_TEXTS = 2200
OTHER_TEXTS = 220

PARAGRAPH = (
    "Once upon a time there was a miller's daughter who could spin straw into gold, or so her "
    "father told the king. \"If that's true,\" said the king, \"I'll see it done by morning; she "
    "won't leave until it is.\" They'd locked her in a room with 12 spindles, 345 bales and 1 chair, "
    "and she didn't know what to do. So she wept. Then the door opened, and in came a little man: "
    "\"Good evening, mistress; why do you weep so?\" He'll help, she thought, but what'll he ask?\n"
    "\"What will you give me,\" said he, \"if I spin it for you?\"   \"My necklace,\" said the girl. "
    "The little man took the necklace, sat down at the wheel, and whirr, whirr, whirr! three times "
    "round, and the bobbin was full.\n\nNaïve café owners — «très bien» — paid 1,234.56 € on "
    "2024-05-17.\tdef main(argc, argv):\n        return argc + 1  # comment\r\n"
    "Жили-были старик со старухой. 昔々あるところに。 "
)
PROSE = (
    "the old king sat in his hall and heard the rain fall on the roof while his daughter read aloud "
    "from a book of travels in which no one ever came home I don't think we'll go they're late you've "
    "seen it she'd know THAT'S WHAT HE'LL SAY I'M sure it wasn't ours Isn't"
).split(" ")
SCRIPTS = [
    (0x00A1, 0x024F),  # Latin with marks
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x04FF),  # Cyrillic
    (0x0590, 0x05F4),  # Hebrew with points
    (0x0600, 0x06FF),  # Arabic
    (0x0900, 0x097F),  # Devanagari with its combining marks
    (0x0E00, 0x0E7F),  # Thai
    (0x3040, 0x30FF),  # kana
    (0x4E00, 0x9FFF),  # CJK
    (0xAC00, 0xD7A3),  # Hangul
    (0x1F300, 0x1FAFF),  # pictographs
    (0x20000, 0x2A6DF),  # CJK extension B
]
EMOJI = ["😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👩🏽‍🚀", "🇩🇪🇫🇷", "1️⃣", "❤️‍🔥", "🤷🏿‍♀️"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\r", " \n ", "\u00a0", "\u3000", "\u2003",
          "\u2028", "\u0085", "\u180e", "\u200b", "\u1680", "\x0b", "\x0c", "\x1c", "\ufeff"]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'Re", "'ſ", "’s", "''", "'x"]
MARKUP = ["▁", "▁▁", "Ġ", "Ċ", "<0x0A>", "<0xE2>", "<unk", "s>", "<|", "|>", "<s", "<>", "\x00"]
BROKEN = [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80",
          b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x28\xa1", b"\xc1\xbf"]


def is_settled(code):
    """Is it a character in Unicode 14 or one that will never be assigned? What is assigned later
    belongs to another class in a newer library."""
    if 0xD800 <= code < 0xE000:
        return False
    return unicodedata.category(chr(code)) != "Cn" or (code & 0xFFFE) == 0xFFFE


def characters(draw, first, last, count):
    result = []
    while len(result) < count:
        code = draw.randint(first, last)
        if is_settled(code):
            result.append(chr(code))
    return "".join(result)


def prose(draw):
    words = draw.choices(PROSE, k=draw.randint(1, 12))
    return " ".join(draw.choice([word, word, word, word.capitalize(), word.upper()]) for word in words)


def number(draw):
    return draw.choice([str(draw.randint(0, 10 ** draw.randint(1, 12))), "3.14159", "1,000", "½", "٣٤",
                        "Ⅻ", "²³", "0x1F", "1e-5"])


def scrap(draw, specials):
    """A piece of text of one kind, as bytes."""
    kind = draw.randrange(12)
    if kind <= 2:
        text = prose(draw)
    elif kind == 3:
        text = characters(draw, *draw.choice(SCRIPTS), draw.randint(1, 8))
    elif kind == 4:
        text = characters(draw, 0, 0x10FFFF, draw.randint(1, 4))
    elif kind == 5:
        text = draw.choice(EMOJI)
    elif kind == 6:
        text = draw.choice(SPACES) * draw.choice([1, 1, 1, 2, 7])
    elif kind == 7:
        text = draw.choice(["it", "we", "HE", "9", ""]) + draw.choice(CONTRACTIONS)
    elif kind == 8:
        text = number(draw)
    elif kind == 9:
        text = "".join(draw.choices("!?.,;:-—…\"()[]{}@#$%^&*+=/\\|~`<>_", k=draw.randint(1, 6)))
    elif kind == 10:
        text = draw.choice(specials + MARKUP)
    else:
        return draw.choice(BROKEN) if draw.random() < 0.3 else bytes(draw.choices(range(256), k=3))
    return text.encode("utf-8")


def fixed_texts(specials):
    """Every list above, one by one, and the ends of things."""
    texts = ["", " ", "a", " a", "a ", "  a", PARAGRAPH, " ".join(PROSE), "a" * 70, "ab" * 40,
             " " * 100, "\n" * 65, "\t \t \t", "the" * 40, "王" * 30, "न" + "\u093f" * 20]
    texts += SPACES + CONTRACTIONS + MARKUP + EMOJI + specials
    texts += [f"{a}{s}{b}" for s in specials for a, b in [("x", "y"), (" ", " "), ("\n\t", "\u3000z"), (s, s)]]
    return [text.encode("utf-8") for text in texts] + BROKEN


def texts_for(draw, specials, count):
    texts = fixed_texts(specials)
    while len(texts) < count:
        scraps = [scrap(draw, specials) for _ in range(draw.choice([1, 1, 2, 2, 3, 3, 4, 5, 8]))]
        texts.append(draw.choice([b"", b"", b" "]).join(scraps))
    return texts


def random_ids(tokenizer, draw):
    """Ids in an order that no text gives. Where there are tokens of bytes, `<0xE2>`, theirs spell whole
    characters: `tokenizers` makes U+FFFD of every byte of a run that has a broken character."""
    vocabulary = tokenizer.get_vocab()
    pieces = sorted(id for piece, id in vocabulary.items() if not piece.startswith("<0x"))
    ids = []
    for _ in range(draw.randint(1, 12)):
        if draw.random() < 0.7 or "<0xFF>" not in vocabulary:
            ids.append(draw.choice(pieces))
        else:
            ids += [vocabulary[f"<0x{byte:02X}>"] for byte in draw.choice(["\n", "é", "日", "😀"]).encode()]
    return ids


def frame_of(tokenizer):
    """The ids that the post-processor puts before and after a text."""
    ids = tokenizer.encode("x").ids
    bare = tokenizer.encode("x", add_special_tokens=False).ids
    begin = next(i for i in range(len(ids) + 1) if ids[i:i + len(bare)] == bare)
    return {"before": ids[:begin], "after": ids[begin + len(bare):]}


def has_settled_forms(text):
    """Are its normal forms the same in the library's Unicode and in a newer one?"""
    return normalizers.NFKC().normalize_str(text) == unicodedata.normalize("NFKC", text)


def cases_of(tokenizer, seed, count, specials):
    draw = random.Random(seed)
    cases = []
    for text in texts_for(draw, specials, count):
        seen = text.decode("utf-8", errors="replace")
        if tokenizer.normalizer and not has_settled_forms(seen):
            continue
        ids = tokenizer.encode(seen).ids
        cases.append({"text": text.hex(), "ids": ids, "decoded": tokenizer.decode(ids)})
    for _ in range(count // 10):
        ids = random_ids(tokenizer, draw)
        cases.append({"ids": ids, "decoded": tokenizer.decode(ids)})
    return cases


def write(name, header, cases):
    """One case a line; the first line says what the others are for."""
    lines = [header] + cases
    text = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    (HERE / f"{name}.jsonl").write_text(text + "\n", encoding="utf-8")
    print(f"{name}: {len(cases)} cases, {len(text.encode('utf-8')) / 1e6:.2f} MB")


LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train(tokenizer, specials, size, alphabet=(), **options):
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, show_progress=False,
                                  initial_alphabet=list(alphabet), **options)
    tokenizer.train_from_iterator(PARAGRAPH.split("\n") * 2, trainer)
    return tokenizer


def edited_document(tokenizer, edit):
    """What tokenizer.json says that no Python setting does."""
    document = json.loads(tokenizer.to_str())
    edit(document)
    return document


def edited(tokenizer, edit):
    return Tokenizer.from_str(json.dumps(edited_document(tokenizer, edit)))


def llama3_like():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 420, pre_tokenizers.ByteLevel.alphabet())

    def edit(document):
        document["model"]["ignore_merges"] = True
        # A piece that no merge makes: only ignore_merges gives it.
        document["model"]["vocab"]["Ġspindles"] = len(document["model"]["vocab"])

    tokenizer = edited(tokenizer, edit)
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|begin_of_text"])
    begin = "<|begin_of_text|>"
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single=f"{begin} $A",
                                      special_tokens=[(begin, tokenizer.token_to_id(begin))]),
    ])
    return tokenizer, [begin, "<|end_of_text|>", "<|begin_of_text", "<|eot|>", " spindles",
                       "spindles spindles"]


def gpt2_with_prefix_space():
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", continuing_subword_prefix="",
                                     end_of_word_suffix=""))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    train(tokenizer, ["<|endoftext|>"], 400, pre_tokenizers.ByteLevel.alphabet())

    def edit(document):
        # As files of 2021 have them.
        document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
        del document["model"]["type"]

    return edited(tokenizer, edit), ["<|endoftext|>", "<|endoftext"]


def added_tokens_byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 380, pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_tokens([
        AddedToken("<left>", lstrip=True, normalized=False),
        AddedToken("<right>", rstrip=True, normalized=True),
        AddedToken("<both>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("<both> too", normalized=False),
        AddedToken("king", normalized=True),
        AddedToken("é", normalized=False),
        AddedToken("  ", normalized=False),
    ])
    tokenizer.add_special_tokens([AddedToken("<special>", rstrip=True, special=True)])
    return tokenizer, ["<left>", "<right>", "<both>", "<both> too", "king", "kingking", "é", "  ", "<special>"]


def mistral_metaspace(scheme, split):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    strip = [decoders.Strip(content=" ", left=1, right=0)] if scheme != "never" else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()] + strip)
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    train(tokenizer, ["<unk>", "<s>", "</s>"] + bytes_, 460)
    def edit(document):
        document["added_tokens"] = [token for token in document["added_tokens"] if token["id"] < 3]
    tokenizer = edited(tokenizer, edit)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.add_tokens([AddedToken("[INST]", normalized=False), AddedToken("gold", normalized=True)])
    return tokenizer, ["<s>", "</s>", "<unk>", "[INST]", "gold", "▁gold"]


def unknown_characters(fuse):
    """No byte fallback: what is outside the vocabulary is <unk>. Decoded by Metaspace."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    train(tokenizer, ["<unk>"], 300)
    return tokenizer, ["<unk>"]


def llama_legacy():
    """Llama 2's normalizer, with added tokens that are normalized: they become `▁[TOOL]`."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    # Trained on whole lines: merges across words, so that the text has few places to cut it.
    train(tokenizer, ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)], 520,
          max_token_length=12)
    def edit(document):
        document["added_tokens"] = [token for token in document["added_tokens"] if token["id"] < 3]
    tokenizer = edited(tokenizer, edit)
    tokenizer.add_tokens([AddedToken("[TOOL]", normalized=True, lstrip=True), AddedToken("little man")])
    return tokenizer, ["<s>", "</s>", "[TOOL]", " [TOOL]", "little man", " little man"]


def llama_rewritten():
    """What transformers 5 writes for Llama's tokenizer.model: a pattern that holds at the text's start alone."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(" ", "▁"), normalizers.Replace(Regex(r"\A▁"), "▁▁"),
         normalizers.Replace(Regex(r"[.!]\z|\n+\Z"), "▁.")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    train(tokenizer, ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)], 520,
          max_token_length=12)
    return tokenizer, ["<s>", "</s>"]


def several_splits():
    """Patterns one after another that leave text between their matches, and after them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\d{1,2}(?!\d)"), "isolated"),
        pre_tokenizers.Split(Regex(r"king|(?<=t)h| +(?=\S)|[A-Z]"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 420, pre_tokenizers.ByteLevel.alphabet())
    return tokenizer, ["kingking", "12345 king", "the  Things"]


def visible_splits():
    """GPT-2's pattern and merges that make every split of it visible: of the last byte of a character and
    what follows it, and of what is in front of a character and its first byte."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 0, pre_tokenizers.ByteLevel.alphabet())
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    spelled = {byte: chr(byte) for byte in printable}
    spelled |= {byte: chr(0x100 + i) for i, byte in enumerate(others)}

    def edit(document):
        vocabulary, merges = document["model"]["vocab"], document["model"]["merges"]
        ascii_ = [*range(0x09, 0x0E), *range(0x1C, 0x21), *b"!a1"]
        pairs = [(last, after) for last in [*range(0x80, 0xC0), *ascii_] for after in b"!a1 "]
        pairs += [(before, first) for before in b"!a1 " for first in [*range(0xC2, 0xF5), *ascii_]]
        for pair in dict.fromkeys(pairs):
            left, right = spelled[pair[0]], spelled[pair[1]]
            vocabulary[left + right] = len(vocabulary)
            merges.append([left, right])

    draw = random.Random(5)
    chosen = [space for space in SPACES if len(space) == 1] + ["ſ", "½", "٣", "Ⅻ", "ª", "\u0301", "_"]
    chosen += [characters(draw, 0, 0x10FFFF, 1) for _ in range(20)]
    chosen += [characters(draw, *script, 1) for script in SCRIPTS]
    return edited(tokenizer, edit), [f"{c}!{c}a{c}1{c} {c}" for c in chosen]


FORMS = ["e\u0301a\u0323\u030a", "\u1100\u1161\u11a8각", "ﬁ ① ㎏ ½", "Å Ω", "ＡＢ１２ ｶﾞ", "İI ΑΣ ẞ", "Café NAÏVE"]
NUMBERS = ["1234567890", "a12b345,6789.0", "12 345 ٣٤٥ 四 ⅷ² x²³", "--1--", "...!?", "¡¿«»", "$5+6=11^2`|~"]


def digits_apart():
    """SmolLM2's and StarCoder's form: every digit by itself, and bytes that the vocabulary lacks."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, ["<|end|>"], 400), ["<|end|>"] + NUMBERS


def falcon_like():
    """Falcon's form: two steps that come after ByteLevel, and see its characters."""
    tokenizer = Tokenizer(models.BPE(unk_token="?", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, [], 400), NUMBERS


def qwen_like():
    """Qwen's form: NFC and a pattern; byte_fallback in a file that has no pieces for it."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="?"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_PATTERN.replace("{1,3}", "")), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 400)
    tokenizer.add_tokens([AddedToken("e\u0301t\u00e9", normalized=True)])
    return tokenizer, FORMS + ["e\u0301te\u0301", "été"]


def compatible_forms():
    """NFKC and other normalizers one after another, before Metaspace."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Sequence([]), normalizers.NFKC(), normalizers.Replace(Regex(r"[^\S\n]{2,}|\u200b$"), " "),
        normalizers.Lowercase(), normalizers.Strip(left=False, right=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
    train(tokenizer, ["<unk>"], 300)
    tokenizer.add_special_tokens([AddedToken("<S>", special=True, normalized=True)])
    return tokenizer, FORMS + ["<S>", "<s>", "<unk>", "a  b\u200b"]


def bare_words():
    """What a beginner's script saves: words without marks, and no decoder."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    train(tokenizer, ["[UNK]", "[CLS]", "[SEP]"], 300)
    tokenizer.post_processor = processors.RobertaProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer, FORMS + NUMBERS + ["[UNK]", "[SEP]", "a_b c-d", "a\u200db"]


def behaviors():
    """Every behavior of Split, with strings and with patterns."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFD()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.CharDelimiterSplit("|"),
        pre_tokenizers.Split(Regex(r"^b|a$|(?=i)"), "isolated"),
        pre_tokenizers.Split("o", "merged_with_previous"),
        pre_tokenizers.Split(Regex(r"[A-Z]"), "merged_with_next"),
        pre_tokenizers.Split(Regex(r"\w+|\."), "contiguous", invert=True),
        pre_tokenizers.Split("  ", "removed"),
        pre_tokenizers.WhitespaceSplit(),
        pre_tokenizers.Punctuation("merged_with_next"),
    ])
    tokenizer.decoder = decoders.Sequence([decoders.Fuse(), decoders.Strip("a", 2, 0)])
    train(tokenizer, [], 300)

    def edit(document):  # merges that make every split visible
        vocabulary, merges = document["model"]["vocab"], document["model"]["merges"]
        characters = ",.-AaiobB² \n"
        for character in characters:
            vocabulary.setdefault(character, len(vocabulary))
        for left, right in itertools.product(characters, repeat=2):
            if left + right not in vocabulary:
                vocabulary[left + right] = len(vocabulary)
                merges.append([left, right])

    return edited(tokenizer, edit), FORMS + NUMBERS + [
        "boob", "oooa", "aBC dE", "AB", "a||b|", "a    b", "bba\nba", "ba\nbb\nb", "a\n", "aib", "aii", "aab",
        "a.b..b", "a²b", "-²-"]


def some_bytes():
    """Byte fallback with pieces for some bytes: what is unknown waits, and bytes overtake it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.Strip("e", 0, 1), decoders.Strip(" ", 1, 0),
         decoders.ByteFallback(), decoders.Fuse()])
    bytes_ = [f"<0x{byte:02X}>" for byte in [*range(0x00, 0x20), *range(0xC3, 0xC6), *range(0x80, 0xC0)]]
    train(tokenizer, ["<unk>"] + bytes_, 360)

    def edit(document):
        document["added_tokens"] = document["added_tokens"][:1]
        document["model"]["dropout"] = 0.0

    return edited(tokenizer, edit), ["<unk>", "王é\n", "é王", "王王ßa", "ÿ"]


def added_words():
    """Added tokens that must stand alone, that a normalizer changes, and that leave holes in the ids."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    train(tokenizer, ["<unk>"], 300)

    def edit(document):
        kinds = [("roof", {"single_word": True}), ("rain", {"single_word": True, "lstrip": True, "rstrip": True}),
                 ("<s>", {"special": True, "normalized": True}), ("</s>", {"special": True}),
                 ("book", {"single_word": True, "normalized": True}), ("</s>", {"special": True, "rstrip": True})]
        flags = dict.fromkeys(["single_word", "lstrip", "rstrip", "normalized", "special"], False)
        document["added_tokens"] += [{"id": 310 + 3 * i, "content": content, **flags, **kind}
                                     for i, (content, kind) in enumerate(kinds)]

    # The library would write the ids without holes, and no token twice.
    document = edited_document(tokenizer, edit)
    return Tokenizer.from_str(json.dumps(document)), [
        "roof", "a roof!", "roofs", "roof's", "_roof", "éroof", "roof\u0301", " rain ", "an rain  man", "rainy",
        "<s>", "<s>a", "</s> b", "book", " book", "books"], document


def normalized_bytes():
    """ByteLevel as a normalizer, and again as a pre-tokenizer, after BERT's words."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.ByteLevel()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split("Ġ", "merged_with_next"), pre_tokenizers.BertPreTokenizer()])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, [], 400)
    tokenizer.add_tokens([AddedToken(" straw é", normalized=True)])
    return tokenizer, [" straw é", "a straw é", "Ġa", "¡a", "x\u00a0y"] + NUMBERS


OTHERS = {
    "several_splits": several_splits,
    "visible_splits": visible_splits,
    "llama3_like": llama3_like,
    "gpt2_with_prefix_space": gpt2_with_prefix_space,
    "added_tokens_byte_level": added_tokens_byte_level,
    "metaspace_first": lambda: mistral_metaspace("first", False),
    "metaspace_always_split": lambda: mistral_metaspace("always", True),
    "metaspace_never": lambda: mistral_metaspace("never", False),
    "unknown_fused": lambda: unknown_characters(True),
    "unknown_apart": lambda: unknown_characters(False),
    "llama_legacy": llama_legacy,
    "digits_apart": digits_apart,
    "falcon_like": falcon_like,
    "qwen_like": qwen_like,
    "compatible_forms": compatible_forms,
    "bare_words": bare_words,
    "behaviors": behaviors,
    "some_bytes": some_bytes,
    "added_words": added_words,
    "normalized_bytes": normalized_bytes,
    "llama_rewritten": llama_rewritten,
}


def main():
    print(f"tokenizers {tokenizers.__version__}, Python {sys.version.split()[0]}, "
          f"Unicode {unicodedata.unidata_version}")
    chosen = sys.argv[1:] or [*SHIPPED, *OTHERS]
    for seed, name in enumerate(SHIPPED):
        if name not in chosen:
            continue
        file = f"model/pretrained/{name}/tokenizer.json"
        tokenizer = Tokenizer.from_file(file)
        specials = sorted(token.content for token in tokenizer.get_added_tokens_decoder().values())
        write(name, {"file": file, **frame_of(tokenizer)}, cases_of(tokenizer, seed, SHIPPED_TEXTS, specials))
    for seed, (name, make) in enumerate(OTHERS.items(), start=98):
        if name not in chosen:
            continue
        tokenizer, specials, *document = make()
        cases = cases_of(tokenizer, seed, OTHER_TEXTS, specials)
        document = document[0] if document else json.loads(tokenizer.to_str())
        write(name, {"tokenizer": document, **frame_of(tokenizer)}, cases)


if __name__ == "__main__":
    main()
