/// @file
/// One of the headers that cuda_runtime.h is made of in the toolkit, for programs that name it.
#pragma once

#include "cuda_runtime.h"
