#!/usr/bin/env python3
"""Makes models with random weights, and writes down what Hugging Face transformers computes.

    make_models.py OUT [--small]

For each model OUT/NAME gets config.json, generation_config.json and safetensors as transformers
writes them, and expected.safetensors:

    input_ids         int32 [48]          token ids
    logits            fp32 [48, vocab]    the logits after each of them
    long_input_ids    int32 [192]         more ids, past every window and every scaling used here
    long_last_logits  fp32 [vocab]        the logits after the last of them

The shapes are those that a forward pass gets wrong: widths that no vector divides, one KV head for
twelve query heads, heads wider than hidden / heads, biases where most models have none, scaled RoPE
frequencies, weights in several files, and the ways in which published folders differ from what
transformers writes today: an output layer of its own in a tied model, or nothing but it, names without
their prefix, experts packed in one tensor, weights in fp64. --small replaces the one large model (GPT-2
with 124 million parameters) by a small one of two layers.

The answers are computed from the files as written, in fp32 on the CPU, with the plainest
implementations ("eager") and without a cache. Random weights make logits that spread over several
units, so that agreement to 1e-3 means something. Needs torch, transformers 5 and safetensors.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    PretrainedConfig,
)

SEED = 20
SHORT, LONG = 48, 192  # tokens
LEAST_SPREAD = 1.5  # standard deviation of the logits below which a comparison says little


@dataclass(frozen=True)
class Case:
    config: PretrainedConfig
    dtype: torch.dtype = torch.bfloat16  # of the weights as stored
    shard_size: str = "5GB"  # what one file holds at most
    packed_experts: bool = False  # as transformers 5 has them in memory
    edit: Callable[[Path], None] | None = None  # changes the folder after it is written


Tensors = dict[str, torch.Tensor]


def edit_tensors(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def own_head(folder: Path) -> None:
    """config.json says that the output layer is the embedding table; the file has another one."""

    def change(tensors: Tensors) -> Tensors:
        tables = ("wte.weight", "embed_tokens.weight")
        table = next(t for n, t in tensors.items() if n.endswith(tables))
        return tensors | {"lm_head.weight": table.flip(0).contiguous()}

    edit_tensors(folder, change)


def only_head(folder: Path) -> None:
    """The output layer is stored, and the embedding table that it is tied to is not."""

    def change(tensors: Tensors) -> Tensors:
        table = "model.embed_tokens.weight"
        return {n.replace(table, "lm_head.weight"): t for n, t in tensors.items()}

    edit_tensors(folder, change)


def bare(folder: Path) -> None:
    """Names without their prefix, a tensor of a trainer's, and a config.json that names no class."""

    def change(tensors: Tensors) -> Tensors:
        short = {
            n.removeprefix("transformer.").removeprefix("model."): t for n, t in tensors.items()
        }
        return short | {"v_head.summary.weight": torch.ones(1, 4)}

    edit_tensors(folder, change)
    file = folder / "config.json"
    config = json.loads(file.read_text())
    changed = config | {"architectures": None, "eos_token_id": 50256}
    file.write_text(json.dumps(changed, indent=2) + "\n")


def gpt2(small: bool) -> tuple[str, GPT2Config]:
    """The published model's shape, or one that is small enough to keep."""
    if not small:
        return "gpt2-124m", GPT2Config(initializer_range=0.08)
    return "gpt2-2-layers", GPT2Config(
        vocab_size=203,
        n_positions=256,
        n_embd=96,
        n_layer=2,
        n_head=4,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
    )


def cases(small: bool) -> dict[str, Case]:
    name, config = gpt2(small)
    return {
        # Widths that vectors divide, and one KV head for each query head.
        name: Case(config, torch.float32),
        # Widths that neither 4 nor 8 divides, and an inner width that is not 4 times the outer.
        "gpt2-odd": Case(
            GPT2Config(
                vocab_size=211,
                n_positions=256,
                n_embd=90,
                n_layer=3,
                n_head=5,
                n_inner=200,
                initializer_range=0.2,
                bos_token_id=0,
                eos_token_id=0,
            ),
            torch.float16,
        ),
        # Twelve query heads on one KV head, odd widths, a window shorter than the input.
        "mistral-gqa12": Case(
            MistralConfig(
                vocab_size=223,
                hidden_size=138,
                intermediate_size=354,
                num_hidden_layers=2,
                num_attention_heads=12,
                num_key_value_heads=1,
                head_dim=22,
                sliding_window=37,
                max_position_embeddings=512,
                initializer_range=0.16,
                rope_theta=10000.0,
                tie_word_embeddings=False,
            ),
            shard_size="300KB",
        ),
        # Biases in all linear layers, and Llama 3.1's frequencies: of the 16, some are kept, some
        # divided by the factor, some in between.
        "llama-biases": Case(
            LlamaConfig(
                vocab_size=227,
                hidden_size=128,
                intermediate_size=210,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=1024,
                attention_bias=True,
                mlp_bias=True,
                initializer_range=0.16,
                rope_parameters={
                    "rope_type": "llama3",
                    "rope_theta": 500000.0,
                    "factor": 8.0,
                    "low_freq_factor": 1.0,
                    "high_freq_factor": 4.0,
                    "original_max_position_embeddings": 128,
                },
                tie_word_embeddings=False,
            )
        ),
        # Heads of 48, where hidden / heads is 32: queries are wider than the model.
        "llama-wide-heads": Case(
            LlamaConfig(
                vocab_size=229,
                hidden_size=96,
                intermediate_size=150,
                num_hidden_layers=2,
                num_attention_heads=3,
                num_key_value_heads=3,
                head_dim=48,
                max_position_embeddings=512,
                initializer_range=0.18,
                rope_theta=10000.0,
                tie_word_embeddings=True,
            )
        ),
        "mixtral-4-experts": Case(
            MixtralConfig(
                vocab_size=233,
                hidden_size=96,
                intermediate_size=80,
                num_hidden_layers=2,
                num_attention_heads=6,
                num_key_value_heads=2,
                num_local_experts=4,
                num_experts_per_tok=2,
                max_position_embeddings=512,
                initializer_range=0.18,
                rope_theta=1000000.0,
                tie_word_embeddings=False,
            )
        ),
        # Three of eight experts, widths that 8 does not divide, and a window.
        "mixtral-8-experts": Case(
            MixtralConfig(
                vocab_size=239,
                hidden_size=84,
                intermediate_size=51,
                num_hidden_layers=2,
                num_attention_heads=6,
                num_key_value_heads=3,
                num_local_experts=8,
                num_experts_per_tok=3,
                sliding_window=29,
                max_position_embeddings=512,
                initializer_range=0.2,
                rope_theta=10000.0,
                tie_word_embeddings=True,
            )
        ),
    }


LLAMA = {
    "vocab_size": 101,
    "hidden_size": 48,
    "intermediate_size": 72,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.25,
}
GPT2 = {
    "vocab_size": 103,
    "n_positions": 192,
    "n_embd": 44,
    "n_layer": 3,
    "n_head": 4,
    "initializer_range": 0.25,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def variants() -> dict[str, Case]:
    """Settings and forms of a folder, each in the smallest model that shows them."""
    return {
        "gpt2-gelu-by-layer": Case(
            GPT2Config(**GPT2, activation_function="gelu", scale_attn_by_inverse_layer_idx=True),
            edit=own_head,
        ),
        "gpt2-relu-bare": Case(
            GPT2Config(**GPT2, activation_function="relu", scale_attn_weights=False), edit=bare
        ),
        "gpt2-quick-gelu": Case(GPT2Config(**GPT2, activation_function="quick_gelu")),
        "llama-linear-gelu": Case(
            LlamaConfig(
                **LLAMA,
                hidden_act="gelu",
                max_position_embeddings=512,
                tie_word_embeddings=True,
                rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0},
            ),
            edit=only_head,
        ),
        "llama-dynamic-own-head": Case(
            LlamaConfig(
                **LLAMA,
                max_position_embeddings=256,
                tie_word_embeddings=True,
                rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 3.0},
            ),
            edit=own_head,
        ),
        # Without attention_factor: sines and cosines become 0.1 ln 8 + 1 times as large.
        "llama-yarn-fp64": Case(
            LlamaConfig(
                **LLAMA,
                max_position_embeddings=512,
                rope_parameters={
                    "rope_type": "yarn",
                    "rope_theta": 10000.0,
                    "factor": 8.0,
                    "original_max_position_embeddings": 64,
                },
            ),
            torch.float64,
        ),
        # Within the original context of 256 the short factors hold, and the magnitude of 512 / 256.
        "llama-longrope-bare": Case(
            LlamaConfig(
                **LLAMA,
                max_position_embeddings=512,
                rope_parameters={
                    "rope_type": "longrope",
                    "rope_theta": 10000.0,
                    "original_max_position_embeddings": 256,
                    "short_factor": [1.0, 1.1, 1.25, 1.5, 2.0, 3.0],
                    "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                },
            ),
            edit=bare,
        ),
        "mixtral-packed-gelu": Case(
            MixtralConfig(
                **(LLAMA | {"intermediate_size": 20}),
                hidden_act="gelu_pytorch_tanh",
                num_local_experts=4,
                num_experts_per_tok=2,
                max_position_embeddings=512,
                rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
            ),
            packed_experts=True,
        ),
    }


def randomise(model: torch.nn.Module) -> None:
    """Biases and norms start as 0 and 1, which hides one that is left out: spreads them."""
    for name, values in model.named_parameters():
        if values.dim() == 1:
            torch.nn.init.normal_(values, mean=0.0 if name.endswith("bias") else 1.0, std=0.2)


def write_model(folder: Path, case: Case) -> None:
    model = AutoModelForCausalLM.from_config(case.config, dtype=torch.float32)
    randomise(model)
    model.to(case.dtype).save_pretrained(
        folder, max_shard_size=case.shard_size, save_original_format=not case.packed_experts
    )
    if case.edit is not None:
        case.edit(folder)


@torch.no_grad()
def write_expected(folder: Path, vocabulary: int) -> float:
    """@returns the standard deviation of the logits."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager"
    ).eval()
    short = torch.randint(0, vocabulary, (1, SHORT))
    long = torch.randint(0, vocabulary, (1, LONG))
    logits = model(short, use_cache=False).logits[0]
    last = model(long, use_cache=False).logits[0, -1]
    save_file(
        {
            "input_ids": short[0].int(),
            "logits": logits.contiguous(),
            "long_input_ids": long[0].int(),
            "long_last_logits": last.contiguous(),
        },
        folder / "expected.safetensors",
    )
    return float(logits.std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder that gets a folder for each model")
    parser.add_argument("--small", action="store_true", help="no large model")
    arguments = parser.parse_args()

    for name, case in (cases(arguments.small) | variants()).items():
        torch.manual_seed(SEED)
        folder = arguments.out / name
        shutil.rmtree(folder, ignore_errors=True)  # a run with other shards leaves files behind
        write_model(folder, case)
        spread = write_expected(folder, case.config.vocab_size)
        files = len(list(folder.glob("model*.safetensors")))
        print(f"{name}: {files} file(s) in {case.dtype}, logits ± {spread:.2f}", flush=True)
        if not spread >= LEAST_SPREAD:
            raise SystemExit(f"{name}: the logits hardly differ; raise initializer_range")


if __name__ == "__main__":
    main()
