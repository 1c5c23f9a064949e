// What `t2t check` prints, from reports made by hand.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/check/annotate.hpp"
#include "cli/check/columns.hpp"
#include "cli/check/kernels.hpp"
#include "cli/check/text.hpp"
#include "common/text.hpp"
#include "tests/cli/check_reports.hpp"

namespace t2t::rung_check::tests {
namespace {

TEST(CheckColumns, WritesNumbersForPeople) {
    EXPECT_EQ(count(0), "0");
    EXPECT_EQ(count(999), "999");
    EXPECT_EQ(count(1000), "1,000");
    EXPECT_EQ(count(1073741824), "1,073,741,824");
    EXPECT_EQ(amount(0, "B"), "0 B");
    EXPECT_EQ(amount(128, "B"), "128 B");
    EXPECT_EQ(amount(8388608, "B"), "8.39 MB");
    EXPECT_EQ(amount(999999, "B"), "1.00 MB");
    EXPECT_EQ(percent(1), "100 %");
    EXPECT_EQ(percent(0.125), "12.5 %");
    EXPECT_EQ(percent(1.0 / 32), "3.1 %");
    EXPECT_EQ(percent(4), "400 %");
    EXPECT_EQ(percent(1.1234), "112 %");
    EXPECT_EQ(counted(1, "pass", "es"), "1 pass");
    EXPECT_EQ(counted(0, "rung"), "0 rungs");
}

TEST(CheckColumns, CutsBetweenCharacters) {
    EXPECT_EQ(cut("32×32", 5), "32×32");
    EXPECT_EQ(cut("32×32 tile", 5), "32×3…");
    EXPECT_EQ(cut("32×32 tile", 4), "32×…");
}

TEST(CheckColumns, WrapsAtBlanksAndKeepsTheIndent) {
    const std::string word(40, 'x');
    EXPECT_EQ(wrapped("a  b\n\n  c"), "a b\n\n  c\n");
    EXPECT_EQ(wrapped("  " + word + ' ' + word + ' ' + word),
              "  " + word + ' ' + word + "\n    " + word + '\n');
    EXPECT_EQ(wrapped(std::string(120, 'x')), std::string(120, 'x') + '\n');
    const std::string fits = std::string(49, 'x') + ' ' + std::string(50, 'x');
    EXPECT_EQ(wrapped(fits), fits + '\n');
    EXPECT_EQ(wrapped('x' + fits), std::string(50, 'x') + "\n  " + std::string(50, 'x') + '\n');
}

TEST(CheckColumns, TableFitsTheTerminal) {
    Table table({">line", "source", ">requests"});
    table.add({"4", std::string(300, 'x'), "1,073,741,824"});
    std::istringstream lines(table.text(1));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), 100u) << line;
    EXPECT_TRUE(contains(table.text(1), "x…  1,073,741,824"));
}

TEST(CheckText, HeadNamesRungShapeAndLaunch) {
    EXPECT_EQ(heading(sample_rung()),
              "transpose · v2_tile · 64 × 64 · turn_kernel<<<4, (32, 8)>>>\n");
}

TEST(CheckText, HeadCountsLaunchesAndConfigurations) {
    RungReport rung = sample_rung();
    rung.report.kernels[0].launches = 3;
    rung.report.kernels[0].shared_bytes = 4096;
    EXPECT_TRUE(contains(heading(rung), "turn_kernel<<<4, (32, 8), 4096>>>, 3 launches"));
    rung.report.kernels.push_back(rung.report.kernels[0]);
    rung.report.kernels.back().grid = dim3(2);
    EXPECT_TRUE(contains(heading(rung), "turn_kernel in 2 configurations, 6 launches"));
    EXPECT_EQ(kernel_sums(rung.report)[0].lines.at(sample_line(4)).global_load.requests, 256u);
}

TEST(CheckText, TableHasEveryAccessOfEveryLine) {
    const SampleRoot root;
    SourceFiles sources(root.path());
    const std::string text = traffic_tables(sample_report(), sources);
    // 512 sectors in 128 requests are 4 each; 128 lanes' floats are all that is moved.
    EXPECT_TRUE(contains(text, "global load        128  4.00 sectors       100 %")) << text;
    // 4096 passes in 128 requests are 32 each, where 1 would do.
    EXPECT_TRUE(contains(text, "shared load        128  32.00 passes       3.1 %")) << text;
    EXPECT_TRUE(contains(text, "shared store       128   1.00 passes       100 %")) << text;
    EXPECT_TRUE(contains(text, "   5  __syncthreads();")) << text;
    EXPECT_EQ(occurrences(text, "tile[y][x] = in[row * col"), 1) << text;
    EXPECT_TRUE(contains(text, std::string("\n") + sample_file + " · turn_kernel\n")) << text;
    EXPECT_EQ(occurrences(text, "\n"), 2 + 1 + 5) << text;  // title, headings, five accesses
}

TEST(CheckText, AtomicsTakeRounds) {
    SourceFiles nowhere("/nonexistent");
    observer::Report report = sample_report();
    // 8 requests of which each sends all 32 lanes to one counter: 32 rounds each.
    report.kernels[0].lines[1].traffic.global_atomic = {8, 256, 256};
    const std::string text = traffic_tables(report, nowhere);
    EXPECT_TRUE(contains(text, "global atomic         8  32.00 rounds       3.1 %")) << text;
}

TEST(CheckText, LastLineOfAFileIsShown) {
    const SampleRoot root;
    SourceFiles sources(root.path());
    EXPECT_EQ(sources.text(sample_line(9)), "// line 9");
    EXPECT_EQ(sources.text(sample_line(10)), "");
    EXPECT_EQ(sources.text(sample_line(0)), "");
}

TEST(CheckText, NamesTheMetricsOfWhatIsShown) {
    const std::string names = metric_names(sample_report().total());
    EXPECT_TRUE(contains(names, "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum")) << names;
    EXPECT_TRUE(contains(names, "smsp__inst_executed_op_shared_ld.sum")) << names;
    EXPECT_FALSE(contains(names, "_atom.sum")) << names;
    EXPECT_EQ(metric_names({}), "");
}

TEST(CheckText, TablesStandWithoutSourceAndWithoutPlace) {
    SourceFiles nowhere("/nonexistent");
    observer::Report report = sample_report();
    report.kernels[0].lines[0].where = {};
    const std::string text = traffic_tables(report, nowhere);
    EXPECT_TRUE(contains(text, "(no source) · turn_kernel")) << text;
    EXPECT_TRUE(contains(text, "   ?  a place that is not known")) << text;
}

TEST(CheckText, TotalsAreSums) {
    const std::string text = totals(sample_report().total());
    // 2 · 4096 floats of 4 bytes asked; 2 · 512 sectors of 32 bytes moved; 4096 FLOP over 32768 bytes.
    EXPECT_TRUE(contains(text, "32.8 kB asked, 32.8 kB moved (100 % efficiency)")) << text;
    EXPECT_TRUE(contains(text, "past an L2 of 60 MiB: 32.8 kB")) << text;
    EXPECT_TRUE(contains(text, "24.00 of 32 lanes active; 32 barriers")) << text;
    EXPECT_TRUE(contains(text, "fp32 4.10 kFLOP: 4,096 mul\n")) << text;
    EXPECT_TRUE(contains(text, "arithmetic intensity 0.125 FLOP/byte\n")) << text;
}

TEST(CheckText, FitsTheTerminal) {
    RungReport rung = sample_rung();
    rung.report.kernels[0].launches = 1'000'000;
    rung.report.kernels.resize(4, rung.report.kernels[0]);
    for (std::size_t i = 0; i < 4; ++i) {
        rung.report.kernels[i].kernel += std::string(20, char('a' + i));
        rung.report.kernels[i].lines[0].traffic.global_load.requests = 1ull << 40;
    }
    SourceFiles sources("/nonexistent");
    std::istringstream lines(heading(rung) + traffic_tables(rung.report, sources) +
                             totals(rung.report.total()) + metric_names(rung.report.total()) +
                             summary({&rung, 1}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width(line), 100u) << line;
}

TEST(CheckText, FusedMultiplyAddIsTwoOperations) {
    observer::Traffic traffic;
    traffic.fp64.fma = 1000;
    EXPECT_TRUE(contains(totals(traffic), "fp64 2.00 kFLOP: 1,000 fma\n")) << totals(traffic);
    EXPECT_TRUE(contains(totals({}), "no floating-point operations")) << totals({});
}

TEST(CheckText, VerdictNamesWhatIsWrong) {
    RungReport rung = sample_rung();
    EXPECT_EQ(verdict(rung), "no faults; the result is right\n");

    rung.report.faults.push_back(sample_fault());
    EXPECT_EQ(verdict(rung), sample_fault().message() + "the result is right\n");
    rung.wrong = "element 3 is 0, not 1";
    EXPECT_EQ(verdict(rung), sample_fault().message() + "WRONG: element 3 is 0, not 1\n");
    rung.report.faults.clear();
    EXPECT_EQ(verdict(rung), "WRONG: element 3 is 0, not 1\nno faults\n");

    rung.wrong.clear();
    rung.report.faults = {sample_fault()};
    rung.report.faults[0].kind = observer::FaultKind::trap;  // nothing is left to judge
    EXPECT_EQ(verdict(rung), rung.report.faults[0].message());

    rung.skipped = "needs compute capability 9.0; CPU device has 8.0";
    EXPECT_EQ(verdict(rung), "not run: needs compute capability 9.0; CPU device has 8.0\n");
}

TEST(CheckText, SummaryCountsRungsOnceForAllShapes) {
    std::vector<RungReport> rungs{sample_rung(), sample_rung()};
    rungs[1].shape = "65 × 33";
    EXPECT_EQ(summary(rungs), "1 rung, 2 runs: no faults, no wrong result\n");
    rungs[1].report.faults = {sample_fault(), sample_fault()};
    rungs.push_back({.operation = "transpose", .rung = "v3", .shape = "1", .wrong = "NaN"});
    rungs.push_back(
        {.operation = "transpose", .rung = "v4", .shape = "1", .skipped = "needs more"});
    EXPECT_EQ(summary(rungs), "3 rungs, 3 runs (1 not run): 2 faults, 1 wrong result\n");
}

TEST(CheckAnnotate, PutsTrafficBesideTheSource) {
    const SampleRoot root;
    SourceFiles sources(root.path());
    const std::string text = annotated(sample_report(), sources);
    // Lines 4 to 6 have traffic; two more stand on each side, as far as the file goes.
    EXPECT_EQ(text, R"(
chapters/03_shared_memory/v2_tile.cu
      requests  ld sectors  st sectors  ld passes  st passes  barriers    FLOP
   2                                                                           │     __shared__ float tile[32][32];
   3                                                                           │
   4       256        4.00                              1.00                   │     tile[y][x] = in[row * columns + x];  // neighbouring lanes, neighbouring floats
   5                                                                32         │     __syncthreads();
   6       256                    4.00      32.00                       4.10 k │     out[column * rows + x] = 2 * tile[x][y];
   7                                                                           │ }
   8                                                                           │ // line 8
)");
}

TEST(CheckAnnotate, LeavesOutWhatIsFarFromTraffic) {
    const SampleRoot root;
    std::ofstream(root.path() / sample_file) << sample_source << std::string(20, '\n') << "last\n";
    observer::Report report = sample_report();
    observer::LineTraffic end{sample_line(30), {}};
    end.traffic.global_atomic = {1, 32, 32};
    report.kernels[0].lines.push_back(end);
    SourceFiles sources(root.path());
    const std::string text = annotated(report, sources);
    EXPECT_EQ(occurrences(text, "⋮"), 1) << text;
    EXPECT_TRUE(contains(text, "│ last")) << text;
    EXPECT_FALSE(contains(text, "  12 ")) << text;
    EXPECT_TRUE(contains(text, "atomic rounds")) << text;
}

TEST(CheckAnnotate, ShowsASingleLineInsteadOfLeavingItOut) {
    const SampleRoot root;
    std::ofstream(root.path() / sample_file) << sample_source << std::string(20, '\n');
    observer::Report report = sample_report();
    observer::LineTraffic end{sample_line(12), {}};  // 4, 5, 6 show up to 8; this one shows from 10
    end.traffic.barriers = 1;
    report.kernels[0].lines.push_back(end);
    SourceFiles sources(root.path());
    const std::string text = annotated(report, sources);
    EXPECT_EQ(occurrences(text, "⋮"), 0) << text;
    EXPECT_EQ(occurrences(text, "// line 9"), 1) << text;
    EXPECT_EQ(occurrences(text, "│"), 13) << text;  // lines 2 to 14, each once
}

}  // namespace
}  // namespace t2t::rung_check::tests
