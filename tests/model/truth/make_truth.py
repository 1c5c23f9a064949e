#!/usr/bin/env python3
"""Writes down what the small models must answer, computed by Hugging Face transformers.

    make_truth.py [MODELS] [TRUTH]

MODELS is model/pretrained and TRUTH the folder of this script when they are left out. For each
MODELS/NAME it writes TRUTH/NAME/reference.safetensors and TRUTH/NAME/generation.json; README.md
beside this says what they hold. The token ids to evaluate come from what train.py writes,
MODELS/NAME/held_out.safetensors, or else from the reference.safetensors that is there already.

All arithmetic is fp32 on the CPU, with eager attention and experts and without a cache. A model is
loaded from disk: one that was cast to bf16 in memory has rounded RoPE frequencies too, which moves
logits by up to 0.04.

Needs torch, transformers 5, tokenizers and safetensors.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, PreTrainedModel

PROMPTS = {
    "tales-gpt2": [
        "Once upon a time",
        "Once there was a little girl named",
        "One day, a fox found a lantern",
        '"Who are you?" asked',
    ],
    "tales-mistral": [
        "Once upon a time",
        "[INST] Tell me a story about a fox and a lantern. [/INST]",
        "[INST] Hello! [/INST]",
        "Once upon a time there was a small robot who lived",
    ],
    "tales-mixtral": [
        "Once upon a time",
        "[INST] Tell me a story about a brave mouse and a red kite. [/INST]",
        "[INST] Tell me a story about a dragon and a drum. [/INST]",
        "Long ago, in a castle, there lived",
    ],
}
MOST_NEW_TOKENS = 160


def load(folder: Path) -> PreTrainedModel:
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager"
    ).eval()
    for name, values in model.named_buffers():
        if "inv_freq" in name and values.dtype != torch.float32:
            raise SystemExit(f"{folder}: the RoPE frequencies are {values.dtype}, not float32")
    return model


def evaluate(model: PreTrainedModel, ids: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of reference.safetensors."""
    short = ids["input_ids"].long()[None]
    long = ids["long_input_ids"].long()[None]
    has_router = hasattr(model.config, "num_local_experts")

    output = model(short, use_cache=False, **({"output_router_logits": True} if has_router else {}))
    truth = {
        "input_ids": ids["input_ids"].int(),
        "logits": output.logits[0].contiguous(),
    }
    if has_router:
        experts = model.config.num_local_experts
        layers = [layer.float().reshape(-1, experts) for layer in output.router_logits]
        truth["router_logits"] = torch.stack(layers).contiguous()

    logits = model(long, use_cache=False).logits[0]
    losses = -logits.log_softmax(-1)[:-1].gather(1, long[0, 1:, None])
    truth["long_input_ids"] = ids["long_input_ids"].int()
    truth["long_last_logits"] = logits[-1].contiguous()
    truth["long_mean_nll"] = losses.mean().reshape(1)
    return truth


def continue_greedily(model: PreTrainedModel, tokenizer: Tokenizer, prompt: str) -> dict:
    """One entry of generation.json: always the likeliest token, and by how much it is that."""

    def next_logits(ids: list[int]) -> torch.Tensor:
        return model(torch.tensor([ids]), use_cache=False).logits[0, -1]

    prompt_ids = tokenizer.encode(prompt).ids
    first = next_logits(prompt_ids).topk(10)
    new_ids: list[int] = []
    gaps: list[float] = []
    while len(new_ids) < MOST_NEW_TOKENS:
        best = next_logits(prompt_ids + new_ids).topk(2)
        new_ids.append(int(best.indices[0]))
        gaps.append(round(float(best.values[0] - best.values[1]), 6))
        if new_ids[-1] == model.config.eos_token_id:
            break
    return {
        "prompt": prompt,
        "prompt_ids": prompt_ids,
        "last_logits_top10": [[int(i), float(v)] for v, i in zip(first.values, first.indices)],
        "greedy_ids": new_ids,
        "gap_to_second": gaps,
        "greedy_text": tokenizer.decode(new_ids),
    }


@torch.no_grad()
def make_truth(folder: Path, truth_folder: Path) -> None:
    reference = truth_folder / "reference.safetensors"
    held_out = folder / "held_out.safetensors"
    ids = load_file(held_out if held_out.exists() else reference)
    model = load(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    truth = evaluate(model, ids)
    generated = [continue_greedily(model, tokenizer, prompt) for prompt in PROMPTS[folder.name]]
    truth_folder.mkdir(parents=True, exist_ok=True)
    save_file(truth, reference)
    text = json.dumps(generated, indent=1, ensure_ascii=False)
    (truth_folder / "generation.json").write_text(text + "\n", encoding="utf-8")
    smallest = min(min(entry["gap_to_second"]) for entry in generated)
    print(
        f"{folder.name}: {float(truth['long_mean_nll']):.4f} nats per token, "
        f"smallest gap {smallest:.2g}"
    )


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="?", default=here / "../../../model/pretrained")
    parser.add_argument("truth", type=Path, nargs="?", default=here)
    arguments = parser.parse_args()
    for config in sorted(arguments.models.glob("*/config.json")):
        make_truth(config.parent, arguments.truth / config.parent.name)


if __name__ == "__main__":
    main()
