// What `./t2t test` shows of tests that fail.

#include <gtest/gtest.h>

#include "tests/cli/sandbox.hpp"

namespace t2t::tests {
namespace {

// What ctest prints where one index of v2_tile is wrong, and another test crashes.
constexpr const char* ctest = R"(cat <<'END'
Internal ctest changing into directory: /build/cpu
Test project /build/cpu
      Start 24: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v1_naive (forward)
      Start 25: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v2_tile (forward)
1/7 Test #24: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v1_naive (forward) ....   Passed    2.10 sec
2/7 Test #25: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v2_tile (forward) .....***Failed    5.55 sec
Running main() from ./googletest/src/gtest_main.cc
[==========] Running 1 test from 1 test suite.
[ RUN      ] Rungs/Transpose.TurnsEveryShape/v2_tile
../../tests/chapters/03_transpose_test.cpp:31: Failure
Value of: result.ok()
  Actual: false
Expected: true
transpose v2_tile, 2 × 1: 2 of 2 wrong, the right values in the wrong order.
  usual cause: the index written does not belong to the index read.
  the same inputs again: T2T_SEED=20
../../tests/chapters/03_transpose_test.cpp:31: Failure
Value of: result.ok()
  Actual: false
Expected: true
transpose v2_tile, 33 × 1: 33 of 33 wrong, in no pattern known here.
  the same inputs again: T2T_SEED=20
[  FAILED  ] Rungs/Transpose.TurnsEveryShape/v2_tile, where GetParam() = 1 (5483 ms)

 1 FAILED TEST

      Start 26: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v9_wgmma (forward)
3/7 Test #31: 03_shared_memory.Rungs/Transpose.TurnsLongColumns/v2_tile (reverse) ....***Failed    0.18 sec
[ RUN      ] Rungs/Transpose.TurnsLongColumns/v2_tile
../../tests/chapters/03_transpose_test.cpp:40: Failure
Value of: result.ok()
  Actual: false
Expected: true
transpose v2_tile, 68 × 4: 272 of 272 wrong.
[  FAILED  ] Rungs/Transpose.TurnsLongColumns/v2_tile, where GetParam() = 1 (148 ms)
4/7 Test #33: 03_shared_memory.Rungs/Scan.Sums/v2_tile (forward) .....................***Failed    0.18 sec
../../tests/chapters/03_scan_test.cpp:12: Failure
Expected equality of these values:
  sum
    Which is: 3
  4
[  FAILED  ] Rungs/Scan.Sums/v2_tile, where GetParam() = 1 (1 ms)
5/7 Test #34: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v9_wgmma (forward) ....***Skipped   0.03 sec
6/7 Test #35: 03_shared_memory.TransposeMutants.MissingBarrierIsRejected (forward) ...***Exception: SegFault  0.03 sec
[ RUN      ] TransposeMutants.MissingBarrierIsRejected
7/7 Test #36: 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v3_padded (forward) ...   Passed    2.10 sec

43% tests passed, 4 tests failed out of 7

Total Test time (real) = 165.03 sec

The following tests did not run:
	 34 - 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v9_wgmma (forward) (Skipped)

The following tests FAILED:
	 25 - 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v2_tile (forward) (Failed)
END
echo 'Errors while running CTest' >&2
exit 8)";

TEST(ScriptFailures, EachRungThatFailsIsShownOnce) {
    Sandbox machine;
    machine.program("ctest", ctest);
    const Outcome outcome = machine.t2t("test 03");
    EXPECT_EQ(outcome.status, 8);
    const std::string log = (machine.root() / "build/test-cpu.log").string();
    EXPECT_EQ(outcome.output,
              R"(✗ 03_shared_memory.Rungs/Transpose.TurnsEveryShape/v2_tile (forward)
  ../../tests/chapters/03_transpose_test.cpp:31: Failure
  transpose v2_tile, 2 × 1: 2 of 2 wrong, the right values in the wrong order.
    usual cause: the index written does not belong to the index read.
    the same inputs again: T2T_SEED=20

✗ 03_shared_memory.Rungs/Scan.Sums/v2_tile (forward)
  ../../tests/chapters/03_scan_test.cpp:12: Failure
  Expected equality of these values:
    sum
      Which is: 3
    4

✗ 03_shared_memory.TransposeMutants.MissingBarrierIsRejected (forward)
[ RUN      ] TransposeMutants.MissingBarrierIsRejected

Transpose v2_tile: and 2 more like it; ./t2t test 03 --all shows them
./t2t check 03 v2_tile says which lines and threads
skipped, because this machine lacks what they need: 1; )" +
                  log + R"( says what
43% tests passed, 4 tests failed out of 7
)");
    EXPECT_NE(contents(log).find("33 of 33 wrong"), std::string::npos);
    EXPECT_NE(contents(log).find("v9_wgmma (forward) (Skipped)"), std::string::npos);
}

TEST(ScriptFailures, AllShowsEverything) {
    Sandbox machine;
    machine.program("ctest", ctest);
    const Outcome outcome = machine.t2t("test --all 03");
    EXPECT_EQ(outcome.status, 8);
    EXPECT_NE(outcome.output.find("33 of 33 wrong"), std::string::npos);
    EXPECT_NE(outcome.output.find("The following tests FAILED"), std::string::npos);
}

TEST(ScriptFailures, WhatCtestSaysWithoutAResultIsShown) {
    Sandbox machine;
    machine.program("ctest", "echo 'No tests were found!!!' >&2; exit 8");
    const Outcome outcome = machine.t2t("test");
    EXPECT_EQ(outcome.status, 8);
    EXPECT_EQ(outcome.output, "No tests were found!!!\n");
}

}  // namespace
}  // namespace t2t::tests
