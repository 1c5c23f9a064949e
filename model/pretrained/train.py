#!/usr/bin/env python3
"""Trains the small language models of this folder on plain English prose.

    train.py CORPUS OUT [--seconds 120] [--models tales-gpt2 tales-mistral tales-mixtral]

CORPUS holds children.txt, easy.txt and novels.txt: books separated by a form feed, a paragraph a
line. A file that is not there is passed over. OUT/NAME gets what Hugging Face transformers reads
(config.json, generation_config.json, tokenizer.json, model.safetensors in bf16), and
held_out.safetensors with two passages that the model has not seen, for make_truth.py.

Needs torch, transformers, tokenizers, safetensors and numpy. Meant for a GPU; --device cpu with a
small --batch shows that it runs.
"""

import argparse
import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy
import torch
from safetensors.torch import save_file
from tokenizers import (
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
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

SEED = 1234
CONTEXT = 512  # tokens that a training sequence predicts
PASSAGE = 2500  # characters, about: what is encoded and held out as one piece
HELD_OUT = 60  # one passage in so many is kept for validation
REPEATS = {"children": 4, "easy": 2, "novels": 1}  # the simplest prose is read most often
SAMPLED_FOR_TOKENIZER = {"novels": 6}  # one passage in so many; of the other files all

LEARNING_RATE = 2e-3
FINAL_SHARE = 0.01  # of the learning rate, where the cosine ends
RAMP = 200  # steps until the learning rate is reached
UNTIMED_STEPS = 10  # before the clock starts: compilation is not training
WEIGHT_DECAY = 0.1  # of matrices; biases and norms have none
BALANCE = 0.02  # weight of the loss that makes Mixtral use its experts evenly


# Text


@dataclass(frozen=True)
class Passage:
    text: str
    repeats: int  # how often it stands in an epoch
    for_tokenizer: bool  # whether the tokenizer learns from it


def passages_of(book: str) -> list[str]:
    """Cuts a book into pieces of about PASSAGE characters that end where a paragraph ends."""
    pieces, piece = [], ""
    for paragraph in book.split("\n"):
        piece += ("\n" if piece else "") + paragraph
        if len(piece) >= PASSAGE:
            pieces.append(piece)
            piece = ""
    return pieces + ([piece] if piece else [])


def read_corpus(folder: Path) -> list[Passage]:
    """All passages of the corpus, in random order."""
    passages = []
    for name, repeats in REPEATS.items():
        file = folder / f"{name}.txt"
        if not file.exists():
            continue
        books = file.read_text(encoding="utf-8").split("\f")
        texts = [text for book in books for text in passages_of(book)]
        sampled = SAMPLED_FOR_TOKENIZER.get(name, 1)
        passages += [Passage(text, repeats, i % sampled == 0) for i, text in enumerate(texts)]
    if not passages:
        raise SystemExit(f"{folder} holds none of {', '.join(f'{name}.txt' for name in REPEATS)}")
    random.shuffle(passages)
    return passages


# Tokenizers


def byte_level_tokenizer(texts: list[str]) -> Tokenizer:
    """GPT-2's form: BPE over bytes, after a split into words. <|endoftext|> is 0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def byte_fallback_tokenizer(texts: list[str]) -> Tokenizer:
    """Mistral's form: BPE over characters, ▁ for a space, bytes for what has no token.

    <unk>, <s> and </s> are 0, 1 and 2; the 256 bytes follow. A text begins with <s>.
    """

    def bpe() -> Tokenizer:
        return Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))

    # Learn with a split at spaces, so that no token reaches over one …
    learner = bpe()
    learner.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="▁", prepend_scheme="always", split=True
    )
    controls = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        special_tokens=controls + [f"<0x{byte:02X}>" for byte in range(256)],
        limit_alphabet=200,
    )
    learner.train_from_iterator(texts, trainer)

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


@dataclass(frozen=True)
class TokenizerKind:
    train: Callable[[list[str]], Tokenizer]
    before: list[int]  # ids that open a passage
    after: list[int]  # ids that close it


BYTE_LEVEL = TokenizerKind(byte_level_tokenizer, before=[0], after=[])
BYTE_FALLBACK = TokenizerKind(byte_fallback_tokenizer, before=[1], after=[2])


@dataclass(frozen=True)
class Data:
    tokenizer: Tokenizer
    training: torch.Tensor  # [tokens], one passage after the other
    held_out: torch.Tensor  # [tokens]


def encode(kind: TokenizerKind, passages: list[Passage], device: str) -> Data:
    """Trains a tokenizer on the passages, and makes token streams of them."""
    tokenizer = kind.train([passage.text for passage in passages if passage.for_tokenizer])
    encodings = tokenizer.encode_batch([p.text for p in passages], add_special_tokens=False)
    pieces = [numpy.array(kind.before + e.ids + kind.after, dtype=numpy.int32) for e in encodings]

    split = max(1, len(pieces) // HELD_OUT)
    training = [
        piece
        for piece, passage in zip(pieces[split:], passages[split:])
        for _ in range(passage.repeats)
    ]
    random.shuffle(training)
    streams = [torch.tensor(numpy.concatenate(part)) for part in (training, pieces[:split])]
    if min(len(stream) for stream in streams) < CONTEXT + 2:
        raise SystemExit("the corpus is too small: less than one sequence to train or to validate")
    print(f"{len(streams[0])} tokens to train on, {len(streams[1])} held out", flush=True)
    return Data(tokenizer, streams[0].to(device), streams[1].to(device))


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
    tokenizer: TokenizerKind
    batch: int  # sequences per step
    has_experts: bool = False


RECIPES = {
    "tales-gpt2": Recipe(gpt2, BYTE_LEVEL, batch=192),
    "tales-mistral": Recipe(mistral, BYTE_FALLBACK, batch=192),
    "tales-mixtral": Recipe(mixtral, BYTE_FALLBACK, batch=96, has_experts=True),
}


# Training


def sequences(stream: torch.Tensor, count: int) -> torch.Tensor:
    """[count, CONTEXT + 1] tokens that begin at random places of the stream."""
    starts = torch.randint(0, len(stream) - CONTEXT - 1, (count, 1), device=stream.device)
    return stream[starts + torch.arange(CONTEXT + 1, device=stream.device)].long()


def prediction_loss(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Mean over all positions of −log p(next token), in nats."""
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())


def training_loss(model, config, tokens: torch.Tensor, has_experts: bool) -> torch.Tensor:
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    with torch.autocast(tokens.device.type, dtype=torch.bfloat16):
        if not has_experts:
            return prediction_loss(model(input_ids=inputs, use_cache=False).logits, targets)
        output = model(input_ids=inputs, use_cache=False, output_router_logits=True)
        balance = load_balancing_loss_func(
            output.router_logits, config.num_local_experts, config.num_experts_per_tok
        )
        return prediction_loss(output.logits, targets) + BALANCE * balance


@torch.no_grad()
def held_out_loss(model: PreTrainedModel, stream: torch.Tensor, batch: int) -> float:
    """Mean loss of four batches of text that is not trained on."""
    model.eval()
    total = 0.0
    for _ in range(4):
        tokens = sequences(stream, batch)
        with torch.autocast(tokens.device.type, dtype=torch.bfloat16):
            logits = model(input_ids=tokens[:, :-1], use_cache=False).logits
        total += prediction_loss(logits, tokens[:, 1:]).item()
    model.train()
    return total / 4


def learning_rate(step: int, progress: float) -> float:
    """A straight ramp, then half a cosine over the time that is given. `progress` is 0 to 1."""
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return LEARNING_RATE * min(1, (step + 1) / RAMP) * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


def optimizer_of(model: PreTrainedModel) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": WEIGHT_DECAY},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
        betas=(0.9, 0.95),
        fused=True,
    )


def train(name: str, data: Data, seconds: float, batch: int, device: str) -> PreTrainedModel:
    """Trains a model for a number of seconds, and prints how it does about every 40."""
    recipe = RECIPES[name]
    model = recipe.build().to(device).train()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{name}: {parameters / 1e6:.2f} million parameters", flush=True)
    # Where a token goes to experts of its own, shapes change from step to step: not compiled.
    compiles = device == "cuda" and not recipe.has_experts
    forward = torch.compile(model) if compiles else model
    optimizer = optimizer_of(model)

    step, start, report = 0, None, time.time()
    while True:
        if step == UNTIMED_STEPS:
            if device == "cuda":
                torch.cuda.synchronize()
            start = time.time()
        progress = (time.time() - start) / seconds if start else 0.0
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, progress)
        tokens = sequences(data.training, batch)
        loss = training_loss(forward, model.config, tokens, recipe.has_experts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if time.time() - report > 40:
            report = time.time()
            held_out = held_out_loss(model, data.held_out, batch)
            print(f"{name}: step {step}, loss {loss.item():.3f}, held out {held_out:.3f}")
    held_out = held_out_loss(model, data.held_out, batch)
    print(f"{name}: {step} steps, held out {held_out:.3f} nats per token", flush=True)
    return model.eval()


def save(folder: Path, model: PreTrainedModel, data: Data) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(
        data.tokenizer.to_str(pretty=True) + "\n", encoding="utf-8"
    )
    stream = data.held_out.int().cpu()
    short = len(stream) // 10  # somewhere in a passage, not where one begins
    long = len(stream) // 5
    save_file(
        {
            "input_ids": stream[short : short + 32].clone(),
            "long_input_ids": stream[long : long + 400].clone(),
        },
        folder / "held_out.safetensors",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="folder with the texts")
    parser.add_argument("out", type=Path, help="folder that gets a folder for each model")
    parser.add_argument("--seconds", type=float, default=120, help="of training, for each model")
    parser.add_argument("--models", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--batch", type=int, help="sequences per step; each model has its own")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()

    for seed in (torch.manual_seed, random.seed, numpy.random.seed):
        seed(SEED)
    torch.backends.cuda.matmul.allow_tf32 = True
    passages = read_corpus(arguments.corpus)
    print(f"{len(passages)} passages, {sum(len(p.text) for p in passages)} characters", flush=True)

    encoded: dict[str, Data] = {}  # by the tokenizer's function: two models share one
    for name in arguments.models:
        recipe = RECIPES[name]
        key = recipe.tokenizer.train.__name__
        if key not in encoded:
            encoded[key] = encode(recipe.tokenizer, passages, arguments.device)
        batch = arguments.batch or recipe.batch
        model = train(name, encoded[key], arguments.seconds, batch, arguments.device)
        save(arguments.out / name, model, encoded[key])


if __name__ == "__main__":
    main()
