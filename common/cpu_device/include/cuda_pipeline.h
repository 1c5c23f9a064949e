/// @file
/// Asynchronous copies; their primitives are all that is served.
#pragma once

#include "cuda_pipeline_primitives.h"
