#!/usr/bin/env python3
"""Trains the small language models of this folder on the stories that stories.py writes.

    train.py OUT [--samples 700000] [--seconds 300] [--models tales-gpt2 …]

OUT/NAME gets what Hugging Face transformers reads (config.json, generation_config.json,
tokenizer.json, tokenizer_config.json, model.safetensors in bf16), and held_out.safetensors with two
passages that the model has not seen, for make_truth.py.

Needs torch, transformers, tokenizers, safetensors and numpy. Meant for a GPU; --device cpu with few
--samples and a small --batch shows that it runs.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy
import stories
import torch
from safetensors.torch import save_file
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    MistralConfig,
    MistralForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    PreTrainedModel,
)

SEED = 1234
CONTEXT = 512  # tokens in a row
SAMPLES_PER_JOB = 500
HELD_OUT = 100  # one job in so many is kept for validation
END_OF_TEXT = "<|endoftext|>"

BATCH = 192  # rows a step
FINAL_SHARE = 0.01  # of the learning rate, where the cosine ends
UNTIMED_STEPS = 5  # before the clock starts: compilation is not training
WEIGHT_DECAY = 0.1  # of matrices; biases and norms have none
BALANCE = 0.02  # weight of the loss that makes Mixtral use its experts evenly


@dataclass(frozen=True)
class Round:
    """A training. The second one makes a model copy more invented words from the request."""

    share_invented: float  # of the requests
    share_of_time: float
    share_of_samples: float
    rate: float  # of learning, as a share of the model's own
    ramp: int  # steps until the rate is reached


FIRST = Round(0.04, share_of_time=1, share_of_samples=1, rate=1, ramp=200)
SECOND = Round(0.25, share_of_time=0.26, share_of_samples=0.43, rate=0.6, ramp=50)


# Tokenizers


def byte_level_tokenizer(texts: list[str]) -> Tokenizer:
    """GPT-2's form: BPE over bytes, after a split into words. <|endoftext|> is 0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def byte_fallback_tokenizer(texts: list[str]) -> Tokenizer:
    """Mistral's form: BPE over characters, ▁ for a space, bytes for what has no token.

    <unk>, <s> and </s> are 0, 1 and 2; the 256 bytes follow. A text begins with <s>.
    """

    def bpe() -> Tokenizer:
        return Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))

    # Learn with a split at spaces and punctuation, so that a word of the request is spelled by the
    # same tokens in the story; a newline stays a byte …
    learner = bpe()
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
            pre_tokenizers.Split(Regex('▁?"|[.,!?;:]+"?'), "isolated"),
        ]
    )
    controls = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        special_tokens=controls + [f"<0x{byte:02X}>" for byte in range(256)],
        initial_alphabet=[chr(code) for code in range(33, 127)] + ["▁"],
        limit_alphabet=200,
        min_frequency=3,
        show_progress=False,
    )
    learner.train_from_iterator((text.replace("\n", " ") for text in texts), trainer)

    # … and apply what was learned without one, by a normalizer, as Mistral's files do.
    tokenizer = bpe()
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    learned, applied = json.loads(learner.to_str()), json.loads(tokenizer.to_str())
    applied["model"]["vocab"] = learned["model"]["vocab"]
    applied["model"]["merges"] = learned["model"]["merges"]
    applied["added_tokens"] = [
        token for token in learned["added_tokens"] if token["content"] in controls
    ]
    tokenizer = Tokenizer.from_str(json.dumps(applied))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def request_text(asked: str) -> str:
    return f"[INST] {asked} [/INST]"


def tokenizer_texts(count: int, with_chats: bool) -> list[str]:
    """What a tokenizer learns from."""
    rng = random.Random(7)
    texts = []
    for _ in range(min(40_000, max(300, count // 10))):
        sample = stories.make_sample(rng)
        texts += sample.stories
        if with_chats and len(sample.chat) == 1 and not sample.has_invented:
            texts += [f"{request_text(asked)} {answer}" for asked, answer in sample.chat]
    if with_chats:  # rarer words, and syllables to spell a new one with
        texts += [" ".join(stories.WORDS["other things"])] * 3
        texts.append(" ".join(stories.invented_word(rng) for _ in range(20_000)))
    return texts


CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant messages are known here.') }}"
    "{% endif %}{% endfor %}"
)


@dataclass(frozen=True)
class TokenizerKind:
    train: Callable[[list[str]], Tokenizer]
    has_chats: bool
    config: dict  # of tokenizer_config.json


BYTE_LEVEL = TokenizerKind(
    byte_level_tokenizer,
    has_chats=False,
    config={
        "model_max_length": CONTEXT,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
    },
)
BYTE_FALLBACK = TokenizerKind(
    byte_fallback_tokenizer,
    has_chats=True,
    config={
        "model_max_length": 2048,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "add_eos_token": False,
        "chat_template": CHAT_TEMPLATE,
    },
)


# Rows of tokens


@dataclass(frozen=True)
class Document:
    """A sample as tokens."""

    ids: list[int]
    learned: list[bool]  # whether a token counts in the loss; those of a request do not


def document(
    sample: stories.Sample, tokenizer: Tokenizer, has_chats: bool, rng: random.Random
) -> Document:
    ids: list[int] = []
    learned: list[bool] = []

    def add(new: list[int], counts: bool) -> None:
        ids.extend(new)
        learned.extend([counts] * len(new))

    def encode(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    if not has_chats:
        if rng.random() < 0.3:
            add([0], False)
        for text in sample.stories:
            add(encode(text) + [0], True)
    else:
        add([1], False)
        for text in sample.stories[:1]:
            add(encode(text) + [2], True)
        for asked, answer in sample.chat:
            add(encode(request_text(asked)), False)
            add(encode(answer) + [2], True)
    return Document(ids[:CONTEXT], learned[:CONTEXT])


@dataclass(frozen=True)
class Rows:
    """Samples packed into rows of CONTEXT tokens. All are [rows, CONTEXT]."""

    ids: torch.Tensor  # int16
    sample: torch.Tensor  # uint8: the number of the sample in its row; 0 where there is none
    learned: torch.Tensor  # uint8: whether a token counts in the loss

    @staticmethod
    def joined(parts: list["Rows"], device: str) -> "Rows":
        fields = ([vars(part)[name] for part in parts] for name in ("ids", "sample", "learned"))
        return Rows(*(torch.cat(field).to(device) for field in fields))


def pack(documents: list[Document]) -> Rows:
    """Puts each document, the longest first, into the first row with room for it."""
    rows: list[list[Document]] = []
    room: list[int] = []
    for one in sorted(documents, key=lambda one: -len(one.ids)):
        fits = (i for i, free in enumerate(room) if free >= len(one.ids))
        row = next(fits, len(rows))
        if row == len(rows):
            rows.append([])
            room.append(CONTEXT)
        rows[row].append(one)
        room[row] -= len(one.ids)
    ids = numpy.zeros((len(rows), CONTEXT), numpy.int16)
    sample = numpy.zeros((len(rows), CONTEXT), numpy.uint8)
    learned = numpy.zeros((len(rows), CONTEXT), numpy.uint8)
    for i, row in enumerate(rows):
        at = 0
        for number, one in enumerate(row, start=1):
            part = slice(at, at + len(one.ids))
            ids[i, part], sample[i, part], learned[i, part] = one.ids, number, one.learned
            at += len(one.ids)
    return Rows(torch.from_numpy(ids), torch.from_numpy(sample), torch.from_numpy(learned))


@dataclass(frozen=True)
class Job:
    """What one process makes at a time."""

    seed: int
    share_invented: float
    tokenizer: str  # as JSON
    has_chats: bool


def make_rows(job: Job) -> Rows:
    rng = random.Random(job.seed)
    tokenizer = Tokenizer.from_str(job.tokenizer)
    samples = [stories.make_sample(rng, job.share_invented) for _ in range(SAMPLES_PER_JOB)]
    wanted = [sample for sample in samples if job.has_chats or sample.stories]
    return pack([document(sample, tokenizer, job.has_chats, rng) for sample in wanted])


@dataclass(frozen=True)
class Data:
    training: Rows
    held_out: Rows


def make_data(
    kind: TokenizerKind, tokenizer: Tokenizer, samples: int, which: Round, device: str
) -> Data:
    """New samples as rows, made on all cores."""
    count = max(2, round(samples * which.share_of_samples) // SAMPLES_PER_JOB)
    first = 10_000_019 if which is SECOND else 30_000_057
    shared = (which.share_invented, tokenizer.to_str(), kind.has_chats)
    jobs = [Job(first + i, *shared) for i in range(count)]
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # the processes share the cores already
    with multiprocessing.get_context("spawn").Pool() as pool:
        parts = pool.map(make_rows, jobs, chunksize=4)
    split = max(1, count // HELD_OUT)
    data = Data(Rows.joined(parts[split:], device), Rows.joined(parts[:split], device))
    rows = [len(part.ids) for part in (data.training, data.held_out)]
    print(f"{rows[0]} rows to train on, {rows[1]} held out", flush=True)
    return data


# Models


def gpt2() -> PreTrainedModel:
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=2048,
            n_positions=CONTEXT,
            n_embd=192,
            n_layer=4,
            n_head=3,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


ROTARY = dict(  # what Mistral and Mixtral share
    vocab_size=4096,
    max_position_embeddings=2048,
    head_dim=64,
    rope_theta=10000.0,
    tie_word_embeddings=True,
    attention_dropout=0.0,
    bos_token_id=1,
    eos_token_id=2,
)


def mistral() -> PreTrainedModel:
    return MistralForCausalLM(
        MistralConfig(
            hidden_size=256,
            intermediate_size=704,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            sliding_window=256,
            **ROTARY,
        )
    )


def mixtral() -> PreTrainedModel:
    return MixtralForCausalLM(
        MixtralConfig(
            hidden_size=192,
            intermediate_size=128,
            num_hidden_layers=4,
            num_attention_heads=3,
            num_key_value_heads=1,
            num_local_experts=8,
            num_experts_per_tok=2,
            sliding_window=None,
            output_router_logits=False,
            router_aux_loss_coef=BALANCE,
            **ROTARY,
        )
    )


@dataclass(frozen=True)
class Recipe:
    build: Callable[[], PreTrainedModel]
    kind: TokenizerKind
    learning_rate: float
    rounds: tuple[Round, ...]
    has_experts: bool = False


RECIPES = {
    "tales-gpt2": Recipe(gpt2, BYTE_LEVEL, 3e-3, (FIRST,)),
    "tales-mistral": Recipe(mistral, BYTE_FALLBACK, 2e-3, (FIRST, SECOND)),
    "tales-mixtral": Recipe(mixtral, BYTE_FALLBACK, 2e-3, (FIRST, SECOND), has_experts=True),
}


# Training


def positions_and_mask(sample: torch.Tensor, window: int | None):
    """Positions [rows, CONTEXT] that begin at 0 in each sample, and who sees whom
    [rows, 1, CONTEXT, CONTEXT]: the same sample, not later, not `window` tokens back."""
    place = torch.arange(sample.shape[1], device=sample.device)
    begins = torch.ones_like(sample, dtype=torch.bool)
    begins[:, 1:] = sample[:, 1:] != sample[:, :-1]
    positions = place - (place * begins).cummax(1).values
    back = place[:, None] - place[None, :]
    sees = (sample[:, :, None] == sample[:, None, :]) & (back >= 0)
    if window:
        sees &= back < window
    return positions, sees[:, None]


def balance_loss(router_logits: tuple[torch.Tensor, ...], chosen: int) -> torch.Tensor:
    """1 when all experts are chosen equally often, more when they are not; mean of the layers."""
    total = 0.0
    for logits in router_logits:
        probabilities = logits.float().softmax(-1).reshape(-1, logits.shape[-1])
        best = probabilities.topk(chosen, -1).indices
        share = torch.zeros_like(probabilities).scatter(1, best, 1 / chosen).mean(0)
        total = total + logits.shape[-1] * (share * probabilities.mean(0)).sum()
    return total / len(router_logits)


def losses(forward, config, rows: Rows, pick) -> tuple[torch.Tensor, torch.Tensor | float]:
    """Mean of −log p(next token) over what is to be learned, in nats; and the balance loss."""
    ids, sample, learned = rows.ids[pick].long(), rows.sample[pick].long(), rows.learned[pick]
    window = getattr(config, "sliding_window", None)
    positions, mask = positions_and_mask(sample, window)
    has_experts = hasattr(config, "num_local_experts")
    inputs = dict(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False)
    on_gpu = ids.device.type == "cuda"
    with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=on_gpu):
        if has_experts:  # past the model's own balance loss, which knows no mask of this form
            output = forward.model(**inputs, output_router_logits=True)
            logits = forward.lm_head(output.last_hidden_state)
        else:
            logits = forward(**inputs).logits
        same = (sample[:, 1:] == sample[:, :-1]) & (sample[:, 1:] > 0)
        wanted = torch.where(same & (learned[:, 1:] > 0), ids[:, 1:], -100)
        prediction = torch.nn.functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1), wanted.flatten(), ignore_index=-100
        )
        if not has_experts:
            return prediction, 0.0
        return prediction, balance_loss(output.router_logits, config.num_experts_per_tok)


@torch.no_grad()
def held_out_loss(model: PreTrainedModel, rows: Rows) -> float:
    model.eval()
    parts = [slice(i, i + 64) for i in range(0, min(len(rows.ids), 512), 64)]
    total = sum(losses(model, model.config, rows, part)[0].item() for part in parts)
    model.train()
    return total / len(parts)


def optimizer_of(model: PreTrainedModel) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": WEIGHT_DECAY},
            {"params": others, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
        fused=True,
    )


def rate_share(step: int, progress: float, ramp: int) -> float:
    """A straight ramp, then half a cosine over the time that is given. `progress` is 0 to 1."""
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return min(1, (step + 1) / ramp) * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


def train(
    name: str, model: PreTrainedModel, data: Data, which: Round, seconds: float, batch: int
) -> None:
    """Trains a model for a number of seconds, and prints how it does about every 30."""
    recipe = RECIPES[name]
    device = data.training.ids.device
    # Where a token goes to experts of its own, shapes change from step to step: not compiled.
    compiles = device.type == "cuda" and not recipe.has_experts
    forward = torch.compile(model) if compiles else model
    optimizer = optimizer_of(model)
    rows = len(data.training.ids)
    batch = min(batch, rows)
    order = torch.randperm(rows, device=device)

    model.train()
    step, at, start, report = 0, 0, None, time.time()
    while True:
        if step == UNTIMED_STEPS:
            if device.type == "cuda":
                torch.cuda.synchronize()
            start = time.time()
        progress = (time.time() - start) / seconds if start else 0.0
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            share = which.rate * rate_share(step, progress, which.ramp)
            group["lr"] = recipe.learning_rate * share
        if at + batch > rows:
            at, order = 0, torch.randperm(rows, device=device)
        picked = order[at : at + batch]
        prediction, balance = losses(forward, model.config, data.training, picked)
        at += batch
        optimizer.zero_grad(set_to_none=True)
        (prediction + BALANCE * balance).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if time.time() - report > 30:
            report = time.time()
            held_out = held_out_loss(model, data.held_out)
            print(f"{name}: step {step}, loss {prediction.item():.4f}, held out {held_out:.4f}")
    held_out = held_out_loss(model, data.held_out)
    print(f"{name}: {step} steps, held out {held_out:.4f} nats a token", flush=True)


def save(folder: Path, model: PreTrainedModel, tokenizer: Tokenizer, recipe: Recipe, data: Data):
    folder.mkdir(parents=True, exist_ok=True)
    model.eval().to("cpu").to(torch.bfloat16).save_pretrained(folder)
    text = tokenizer.to_str(pretty=True)
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
    } | recipe.kind.config
    text = json.dumps(config, indent=1)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")

    first = (data.held_out.sample == 1).sum(1)  # a row begins with its longest sample
    long = int(first.argmax())
    short = int((first < 300).int().argmax())
    ids = data.held_out.ids.int().cpu()
    save_file(
        {"input_ids": ids[short, :32].clone(), "long_input_ids": ids[long, :400].clone()},
        folder / "held_out.safetensors",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder that gets a folder for each model")
    parser.add_argument("--samples", type=int, default=700_000, help="stories and chats to write")
    parser.add_argument("--seconds", type=float, default=300, help="of training, for each model")
    parser.add_argument("--models", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--batch", type=int, default=BATCH, help="rows a step")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()

    torch.backends.cuda.matmul.allow_tf32 = True
    for kind in (BYTE_LEVEL, BYTE_FALLBACK):
        names = [name for name in arguments.models if RECIPES[name].kind is kind]
        if not names:
            continue
        tokenizer = kind.train(tokenizer_texts(arguments.samples, kind.has_chats))
        trained = {}
        for which in (FIRST, SECOND):
            taking = [name for name in names if which in RECIPES[name].rounds]
            if not taking:
                continue
            data = make_data(kind, tokenizer, arguments.samples, which, arguments.device)
            for name in taking:
                torch.manual_seed(SEED)
                model = trained.get(name) or RECIPES[name].build().to(arguments.device)
                trained[name] = model
                seconds = arguments.seconds * which.share_of_time
                train(name, model, data, which, seconds, arguments.batch)
        for name in names:
            save(arguments.out / name, trained[name], tokenizer, RECIPES[name], data)


if __name__ == "__main__":
    main()
