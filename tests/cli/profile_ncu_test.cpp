// What `t2t profile` reads in the words of ncu and cuobjdump, and what it says when there are none.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "cli/profile/ncu.hpp"
#include "cli/profile/toolkit.hpp"
#include "common/process/child_process.hpp"

namespace t2t::profile {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// As ncu prints it with --csv --page raw: its own remarks, the program's words, then names, units and
// one line per launch. Numbers have thousands separators.
const std::string two_launches =
    R"csv(==PROF== Connected to process 4242 (/course/build/cuda/bin/t2t_bench_01_vector_add)
==PROF== Profiling "swiglu_chain_gate_kernel" - 0: 0%....50%....100% - 4 passes
==PROF== Profiling "swiglu_chain_kernel" - 1: 0%....50%....100% - 4 passes
rung             median ms
v1_swiglu_chain      1.234  "quoted, and with a comma"
==PROF== Disconnected from process 4242
"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC","dram__bytes_read.sum","dram__throughput.avg.pct_of_peak_sustained_elapsed","gpu__time_duration.sum","smsp__inst_executed.sum","sm__new_metric.sum"
"","","","","","","","","","","","byte","%","ns","inst","thing"
"0","4242","t2t","127.0.0.1","_ZN3t2t13fused_kernels12_GLOBAL__N_124swiglu_chain_gate_kernelIfEEvPKfPf","1","7","(256, 1, 1)","(4096, 2, 1)","0","9.0","1,073,741,824","85.25","626,048","12,582,912","7.5"
"1","4242","t2t","127.0.0.1","_ZN3t2t13fused_kernels19swiglu_chain_kernelEPKfPf","1","7","(32, 8, 1)","(16, 1, 1)","0","9.0","2,048","n/a","3,072","64","0"
)csv";

TEST(ProfileNcu, ReadsEveryLaunchAmongTheProgramsWords) {
    const std::vector<Kernel> kernels = parse_ncu(two_launches, {"sm__new_metric.sum"});
    ASSERT_EQ(kernels.size(), 2u);
    EXPECT_EQ(kernels[0].name, "swiglu_chain_gate_kernel");
    EXPECT_EQ(kernels[0].symbol,
              "_ZN3t2t13fused_kernels12_GLOBAL__N_124swiglu_chain_gate_kernelIfEEvPKfPf");
    EXPECT_EQ(kernels[0].launch.blocks, 8192);
    EXPECT_EQ(kernels[0].launch.threads, 256);
    const Metrics expected{{"dram__bytes_read.sum", 1073741824},
                           {"dram__throughput.avg.pct_of_peak_sustained_elapsed", 85.25},
                           {"gpu__time_duration.sum", 626048},
                           {"smsp__inst_executed.sum", 12582912},
                           {"sm__new_metric.sum", 7.5}};
    EXPECT_EQ(kernels[0].metrics, expected);

    EXPECT_EQ(kernels[1].name, "swiglu_chain_kernel");
    EXPECT_EQ(kernels[1].launch.threads, 256);
    // n/a is no number, and not 0.
    EXPECT_EQ(value_of(kernels[1].metrics, dram_busy), std::nullopt);
    EXPECT_EQ(value_of(kernels[1].metrics, dram_read), 2048);
}

TEST(ProfileNcu, TurnsUnitsIntoBytesAndNanoseconds) {
    const std::string scaled =
        "\"ID\",\"Process ID\",\"Kernel Name\",\"dram__bytes_read.sum\",\"gpu__time_duration.sum\"\n"
        "\"\",\"\",\"\",\"Gbyte\",\"ms\"\n"
        "\"0\",\"1\",\"copy_kernel(const float *, float *)\",\"2.5\",\"1,274.8\"\n";
    const std::vector<Kernel> kernels = parse_ncu(scaled, {});
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].name, "copy_kernel");
    EXPECT_DOUBLE_EQ(value_of(kernels[0].metrics, dram_read).value(), 2.5e9);
    EXPECT_DOUBLE_EQ(value_of(kernels[0].metrics, duration).value(), 1.2748e9);
}

TEST(ProfileNcu, FindsNothingInATextWithoutATable) {
    EXPECT_TRUE(parse_ncu("", {}).empty());
    EXPECT_TRUE(parse_ncu("==WARNING== No kernels were profiled.\n", {}).empty());
    EXPECT_TRUE(parse_ncu("\"0\",\"1\",\"no header\"\n", {}).empty());
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// What ncu 2025.3 printed on an H200 for chapter 03's v2_tile, 36 of its columns. The values below were
// read there by eye.
TEST(ProfileNcu, KeepsWhatTheLessonAsksForOfWhatNcuPrints) {
    const std::string printed = text_of("tests/cli/profile_ncu_h200.txt");
    const MetricNames asked = metrics_asked(text_of("chapters/03_shared_memory/profile.sh"));
    const std::vector<Kernel> kernels = parse_ncu(printed, asked);
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].name, "tile_kernel");  // ncu wrote: unnamed>::tile_kernel(const float *, …
    EXPECT_EQ(kernels[0].launch.blocks, 262144);
    EXPECT_EQ(kernels[0].launch.threads, 256);
    const Metrics expected{
        {"gpu__time_duration.sum", 1204640},
        {"dram__bytes_read.sum", 1073748992},
        {"dram__bytes_write.sum", 1054088960},
        {"dram__throughput.avg.pct_of_peak_sustained_elapsed", 36.71},
        {"l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio", 4},
        {"l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio", 4},
        {"smsp__inst_executed_op_shared_ld.sum", 8388608},
        {"l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum", 272309087},
        {"smsp__inst_executed_op_shared_st.sum", 8388608},
        {"l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum", 8561766},
        {"smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio", 4.24},
        {"launch__registers_per_thread", 32},
        {"launch__shared_mem_per_block_static", 4096},
        {"launch__shared_mem_per_block_dynamic", 0},
        {"launch__waves_per_multiprocessor", 248.24},
        {"sm__maximum_warps_per_active_cycle_pct", 100}};
    EXPECT_EQ(kernels[0].metrics, expected);
    // A learner's own line in the script brings its column back.
    const std::vector<Kernel> more = parse_ncu(printed, {"device__attribute_clock_rate"});
    EXPECT_EQ(value_of(more.at(0).metrics, "device__attribute_clock_rate"), 1980000);
}

TEST(ProfileNcu, ReadsTheMetricsOfAScript) {
    const MetricNames expected{"a__b.sum", "c__d.avg.pct"};
    EXPECT_EQ(
        metrics_asked("rung=${1:-v1}\nmetrics=(\n    # Not e__f.sum.\n    a__b.sum  # nor this\n"
                      "    c__d.avg.pct\n)\nncu --metrics x__y.sum\n"),
        expected);
    EXPECT_TRUE(metrics_asked("reports=(\n    cuda_api_sum\n)\n").empty());
}

TEST(ProfileNcu, SaysWhyThereAreNoMetrics) {
    const std::string refused =
        "==PROF== Connected to process 17664 (/course/build/cuda/bin/t2t_bench_01_vector_add)\n"
        "==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA GPU "
        "Performance Counters on the target device 0. For instructions on enabling permissions and "
        "to get more information see https://developer.nvidia.com/ERR_NVGPUCTRPERM\n"
        "==WARNING== No kernels were profiled.\n";
    EXPECT_PRED2(contains, why_no_metrics(refused, 1), "NVreg_RestrictProfilingToAdminUsers=0");
    // The sentence ends in a command; a full stop behind it would be copied with it.
    EXPECT_TRUE(why_no_metrics(refused, 1).ends_with("/etc/modprobe.d/nvidia-counters.conf"));
    EXPECT_PRED2(contains, why_no_metrics("line 40: exec: ncu: not found", 127),
                 "install Nsight Compute");
    EXPECT_PRED2(contains, why_no_metrics("==WARNING== No kernels were profiled.\n", 0),
                 "no kernel of the name");
    EXPECT_EQ(why_no_metrics("words\n==ERROR== Failed to prepare kernel for profiling\nmore\n", 9),
              "ncu gave no metrics and says: ==ERROR== Failed to prepare kernel for profiling");
    EXPECT_PRED2(contains, why_no_metrics("", 3), "exit code 3");
}

TEST(ProfileNcu, PlainNamesOfKernels) {
    EXPECT_EQ(plain_kernel_name("copy_kernel"), "copy_kernel");
    EXPECT_EQ(plain_kernel_name("_ZN3t2t13padded_kernelEPKfPf"), "padded_kernel");
    EXPECT_EQ(plain_kernel_name("void t2t::a::tile_kernel<(bool)1, 4>(const float *, float *)"),
              "tile_kernel");
    EXPECT_EQ(plain_kernel_name("unnamed>::tile_kernel(const float *, float *, long, long)"),
              "tile_kernel");
    EXPECT_EQ(plain_kernel_name("t2t::(anonymous namespace)::scan_kernel(int, dim3)"),
              "scan_kernel");
    EXPECT_EQ(plain_kernel_name("_ZN3t2t13shared_memory48_GLOBAL__N__b3fca012_15_v5_registers_cu_"
                                "1bebcf5516registers_kernelILb0EEEvPKfPfll"),
              "registers_kernel");
}

// A machine with a course, the real profile.sh of a chapter and an ncu of ours.
class ProfileScript : public testing::Test {
 protected:
    ProfileScript() {
        fs::create_directories(folder_ / "chapters/01_vector_add");
        fs::copy_file("chapters/profile_with_ncu.sh", folder_ / "chapters/profile_with_ncu.sh");
        fs::copy_file("chapters/01_vector_add/profile.sh", script());
        program("build/cuda/bin/t2t_bench_01_vector_add", "exit 0");
    }
    ~ProfileScript() override { fs::remove_all(folder_); }

    void program(const std::string& path, const std::string& body) {
        fs::create_directories((folder_ / path).parent_path());
        std::ofstream(folder_ / path) << "#!/bin/sh\n" << body << '\n';
        fs::permissions(folder_ / path, fs::perms::owner_all);
    }
    fs::path script() const { return folder_ / "chapters/01_vector_add/profile.sh"; }

    // Asks with $PATH = the sandbox's bin before the system's, and no toolkit elsewhere.
    NcuAnswer ask() {
        const std::string path = std::getenv("PATH");
        setenv("PATH", ((folder_ / "bin").string() + ":/usr/bin:/bin").c_str(), 1);
        setenv("CUDA_HOME", "/nowhere", 1);
        setenv("T2T_BUILD_DIR", (folder_ / "build").c_str(), 1);
        NcuAnswer answer = ask_ncu(script(), "v2_grid_stride");
        setenv("PATH", path.c_str(), 1);
        unsetenv("CUDA_HOME");
        unsetenv("T2T_BUILD_DIR");
        return answer;
    }

    fs::path folder_ = fs::temp_directory_path() / ("t2t profile " + std::to_string(getpid()));
};

TEST_F(ProfileScript, PassesTheLessonsMetricsAndOurOptionsToNcu) {
    program("bin/ncu",
            "printf '%s\\n' \"$@\" > \"$(dirname \"$0\")/words\"\n"
            "echo '\"ID\",\"Process ID\",\"Kernel Name\",\"smsp__inst_executed.sum\"'\n"
            "echo '\"\",\"\",\"\",\"inst\"'\n"
            "echo '\"0\",\"1\",\"grid_stride_kernel\",\"1,024\"'");
    const NcuAnswer answer = ask();
    ASSERT_EQ(answer.kernels.size(), 1u) << answer.why_not;
    EXPECT_EQ(answer.kernels[0].name, "grid_stride_kernel");
    EXPECT_EQ(value_of(answer.kernels[0].metrics, instructions), 1024);

    const std::string words =
        process::run("cat " + process::shell_word((folder_ / "bin/words").string())).text;
    EXPECT_PRED2(contains, words, "regex:^grid_stride_kernel\n");
    EXPECT_PRED2(contains, words, "dram__bytes_read.sum");
    // ncu takes its options before the program that it watches, and none behind it.
    EXPECT_PRED2(contains, words, "\n--csv\n--page\nraw\n--print-units\nbase\n");
    EXPECT_LT(words.find("--csv"),
              words.find("build/cuda/bin/t2t_bench_01_vector_add\nbench\n01\n"));
}

TEST_F(ProfileScript, SaysHowToAllowCounters) {
    program("bin/ncu",
            "echo '==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA "
            "GPU Performance Counters on the target device 0.' >&2\nexit 1");
    const NcuAnswer answer = ask();
    EXPECT_TRUE(answer.kernels.empty());
    EXPECT_PRED2(contains, answer.why_not, "ERR_NVGPUCTRPERM");
    EXPECT_PRED2(contains, answer.why_not, "sudo tee /etc/modprobe.d/nvidia-counters.conf");
}

TEST_F(ProfileScript, SaysThatNcuIsNotInstalled) {
    EXPECT_PRED2(contains, ask().why_not, "install Nsight Compute");
}

TEST_F(ProfileScript, SaysThatTheCourseIsNotBuiltForAGpu) {
    fs::remove(folder_ / "build/cuda/bin/t2t_bench_01_vector_add");
    EXPECT_PRED2(contains, ask().why_not, "is not built; run ./t2t --device cuda bench 01 first");
}

TEST_F(ProfileScript, ChaptersWithoutNcuSaySo) {
    program("chapters/01_vector_add/profile.sh", "nsys profile");
    EXPECT_PRED2(contains, ask().why_not, "does not call ncu");
    fs::remove(script());
    EXPECT_PRED2(contains, ask().why_not, "no profile.sh");
}

// ncu and nsys print where they are and their words, one per line.
TEST_F(ProfileScript, EveryChapterHasOneThatProfilesItsBenchmark) {
    for (const char* profiler : {"bin/ncu", "bin/nsys"})
        program(profiler, "pwd; printf '%s\\n' \"$@\"");
    const std::string machine =
        "cd / && PATH=" + process::shell_word((folder_ / "bin").string()) +
        ":/usr/bin:/bin T2T_BUILD_DIR=" + process::shell_word((folder_ / "build").string()) + ' ';
    int scripts = 0;
    for (const auto& chapter : fs::directory_iterator("chapters")) {
        const fs::path real_script = fs::absolute(chapter.path() / "profile.sh");
        if (!fs::exists(real_script)) continue;
        ++scripts;
        const std::string name = chapter.path().filename().string();
        const std::string number = name.substr(0, 2);
        program("build/cuda/bin/t2t_bench_" + name, "exit 0");
        const std::string course = (folder_ / ("build/cuda/bin/t2t_bench_" + name)).string();
        const std::string words = process::run(machine + process::shell_word(real_script.string()) +
                                               " v2_a_rung --option 'two words'")
                                      .text;
        EXPECT_PRED2(
            contains, words,
            "\n--option\ntwo words\n" + course + "\nbench\n" + number + "\nv2_a_rung\n--quick\n")
            << chapter.path();

        // From the root, where a relative T2T_BUILD_DIR starts; the rung is a word of the benchmark alone.
        EXPECT_EQ(words.find(fs::current_path().string() + '\n'), 0u) << chapter.path();
        EXPECT_EQ(words.find("\nv2_a_rung\n"), words.rfind("\nv2_a_rung\n")) << chapter.path();

        const MetricNames metrics = metrics_asked(text_of(real_script));
        EXPECT_EQ(contains(words, "\n--kernel-name\nregex:^a_rung"), !metrics.empty())
            << chapter.path();
        for (const std::string& metric : metrics) {
            EXPECT_PRED2(contains, words, metric) << chapter.path();
            EXPECT_NE(find_metric(metric), nullptr) << chapter.path() << " asks for " << metric;
        }
    }
    EXPECT_GE(scripts, 17);
}

// v1_residual_norm_chain launches kernels of chapters 01 and 09; v1_swiglu_chain has two of its own.
TEST_F(ProfileScript, OfAChainTheKernelsThatItRunsAreWatched) {
    program("bin/ncu", "printf '%s\\n' \"$@\"");
    program("build/cuda/bin/t2t_bench_10_fused_kernels", "exit 0");
    const auto words = [&](const std::string& rung) {
        const fs::path script = fs::absolute("chapters/10_fused_kernels/profile.sh");
        return process::run("PATH=" + process::shell_word((folder_ / "bin").string()) +
                            ":/usr/bin:/bin T2T_BUILD_DIR=" +
                            process::shell_word((folder_ / "build").string()) + ' ' +
                            process::shell_word(script.string()) + ' ' + rung)
            .text;
    };
    EXPECT_PRED2(contains, words("v1_residual_norm_chain"),
                 "\n--kernel-name\nregex:^(?!fma_kernel).*_kernel\n--launch-count\n2\n");
    EXPECT_PRED2(contains, words("v1_swiglu_chain"),
                 "\n--kernel-name\nregex:^swiglu_chain_.*kernel\n--launch-count\n2\n");
    EXPECT_PRED2(contains, words("v2_swiglu_fused"),
                 "\n--kernel-name\nregex:^swiglu_fused_.*kernel\n--launch-count\n1\n");
}

}  // namespace
}  // namespace t2t::profile
