// Linked into programs of `t2t check FILE.cu`: sees every kernel from the program's start, and reports when it
// ends – by itself, by exit(), by its time limit, or by a crash of its host code.
#include "cli/run/report_at_end.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "cli/check/annotate.hpp"
#include "cli/check/columns.hpp"
#include "cli/check/draw.hpp"
#include "cli/check/drawn_line.hpp"
#include "cli/check/json.hpp"
#include "cli/check/kernels.hpp"
#include "cli/check/select.hpp"
#include "cli/check/text.hpp"
#include "cli/output_file.hpp"
#include "cli/run/crash_cause.hpp"
#include "cli/run/flush_output.hpp"
#include "cli/run/setting_names.hpp"
#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/observe.hpp"
#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/date.hpp"
#include "common/text.hpp"

namespace t2t::own {
namespace {

constexpr int seconds_for_a_report = 60;  // after a crash, which may have left any lock held

/// What `t2t check` asked for, and where the report goes.
struct Settings {
    std::string command, file, json, draw, picture;
    bool annotate = false;
    int out = STDOUT_FILENO;  ///< a copy of standard output: the program may close its own
    pid_t process = 0;        ///< a child that forks off reports nothing
};
Settings* settings = nullptr;  // set when this program is checked; lives until the process ends

std::atomic<bool> reported{false};
std::atomic<bool> saw_faults{false};

std::string taken(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value == nullptr ? "" : value;
    unsetenv(name);
    return text;
}

void print(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t wrote = ::write(settings->out, text.data() + done, text.size() - done);
        if (wrote <= 0) return;
        done += static_cast<std::size_t>(wrote);
    }
}

/// What the program has not freed. After a kernel that trapped cudaFree frees nothing, as on a GPU.
std::string leaks() {
    if (cpu_device::sticky_error() != cudaSuccess) return "";
    std::string text;
    for (const observer::LiveAllocations& live : observer::live_allocations()) {
        text += "note: never freed: " + rung_check::counted(live.count, "allocation") + ", " +
                rung_check::count(live.bytes) + " bytes";
        if (live.allocated.line > 0) {
            text +=
                ", allocated at " + live.allocated.file + ':' + std::to_string(live.allocated.line);
        }
        text += '\n';
    }
    return text;
}

void print_traffic(const observer::Report& report) {
    rung_check::SourceFiles sources(std::filesystem::current_path());
    print((settings->annotate ? rung_check::annotated(report, sources)
                              : rung_check::traffic_tables(report, sources)) +
          '\n' + rung_check::totals(report.total()) + rung_check::metric_names(report.total()));
}

void draw(const std::vector<rung_check::RungReport>& reports) {
    rung_check::DrawnLine line = rung_check::parse_drawn_line(settings->draw);
    if (line.file.empty()) line.file = std::filesystem::path(settings->file).filename().string();
    cli::write_output("--out", settings->picture,
                      rung_check::picture(rung_check::requests_of(line, reports)));
    if (settings->json != "-") print("\ndrawn in " + settings->picture + '\n');
}

void report(const std::string& crash) {
    rung_check::RungReport seen;
    seen.operation = settings->file;
    seen.report = observer::Observation::instance().end();
    const observer::Report& report = seen.report;
    saw_faults = !report.clean() || !crash.empty();

    if (settings->json != "-") {
        print('\n' + rung_check::heading(seen));
        const std::string unread = cpu_device::unread_error();
        const bool is_told = !report.faults.empty() && cpu_device::sticky_error() != cudaSuccess;
        print(rung_check::wrapped(report.faults_text()));
        if (!unread.empty() && !is_told) {
            print(rung_check::wrapped("note: the program did not ask, but " + unread + '\n'));
        }
        const std::string skipped = cpu_device::skipped_launches_note();
        if (!skipped.empty()) print(rung_check::wrapped("note: " + skipped + '\n'));
        if (crash.empty()) print(rung_check::wrapped(leaks()));
        print(rung_check::wrapped(crash));
        if (report.clean() && crash.empty()) print("no faults\n");
        if (report.kernels.empty()) print("no kernel was launched\n");
        if (!report.kernels.empty()) print_traffic(report);
    }
    if (!settings->json.empty()) {
        const std::string text =
            rung_check::json_text(seen, settings->file, settings->command, utc_now());
        if (settings->json == "-") {
            print(text);
        } else {
            cli::write_output("--json", settings->json, text);
        }
    }
    if (!settings->draw.empty()) draw({seen});
    if (settings->json != "-") {
        const std::size_t faults = report.faults.size();
        print('\n' + (faults == 0 ? "no faults" : rung_check::counted(faults, "fault")) + " in " +
              rung_check::counted(rung_check::kernel_sums(report).size(), "kernel") +
              (crash.empty() ? "" : "; the host's code crashed") + '\n');
    }
}

bool report_once(const std::string& crash) {
    if (settings == nullptr || settings->process != getpid() || reported.exchange(true)) {
        return saw_faults;
    }
    flush_output();
    try {
        report(crash);
    } catch (const std::exception& error) {
        print(std::string("t2t: ") + error.what() + '\n');
        saw_faults = true;
    }
    return saw_faults;
}

void report_at_exit() {
    if (report_once("")) _exit(1);
}

// ---- crashes of the host's code -------------------------------------------------------------------

/// Where the host's code stands: the innermost function on its stack that is the user's.
std::string place_of(std::span<void* const> stack) {
    std::vector<std::uint64_t> addresses;
    for (void* address : stack) addresses.push_back(reinterpret_cast<std::uint64_t>(address));
    for (const observer::SourceLine& where : observer::source_lines(addresses)) {
        const bool own = where.line > 0 && !where.file.starts_with('/') &&
                         !where.file.starts_with("common/cpu_device/") &&
                         !where.file.starts_with("cli/run/");
        if (own) {
            return where.file + ':' + std::to_string(where.line) + ", in " + where.function;
        }
    }
    return "a place that is not known";
}

std::string crash_text(int signal, const char* cause, std::span<void* const> stack) {
    const std::string where = place_of(stack);
    if (signal == SIGABRT) return "the host's code called abort() at " + where + '\n';
    return "CRASH: the host's code ended with " + std::string(strsignal(signal)) + ": " + cause +
           ", at " + where + '\n';
}

// A handler may have little stack: the report gets a thread of its own.
void on_crash(int signal, const void* address, void* context) {
    if (settings == nullptr || reported) return;
    std::array<void*, 64> stack;
    int depth = backtrace(stack.data(), stack.size());
#if defined(__x86_64__)
    if (signal != SIGABRT && depth < 64) {  // the instruction itself comes first
        const auto instruction = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
        std::memmove(&stack[1], &stack[0], sizeof(void*) * static_cast<std::size_t>(depth++));
        stack[0] = reinterpret_cast<void*>(instruction + 1);  // as if a call returned there
    }
#endif
    const char* const cause = signal == SIGABRT ? "" : crash_cause(signal, address, context);
    alarm(seconds_for_a_report);
    std::thread([&] {
        report_once(crash_text(signal, cause, std::span(stack).first(std::size_t(depth))));
    }).join();
}

void on_abort(int signal) {
    on_crash(signal, nullptr, nullptr);
    ::signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
}

// Before the constructors of the program, so that its destructors have run when this reports.
[[gnu::constructor(101)]] void begin() {
    if (std::getenv(setting_names::check) == nullptr) return;
    settings = new Settings;
    settings->command = taken(setting_names::check);
    settings->file = taken(setting_names::file);
    settings->json = taken(setting_names::json);
    settings->draw = taken(setting_names::draw);
    settings->picture = taken(setting_names::picture);
    settings->annotate = !taken(setting_names::annotate).empty();
    settings->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
    settings->process = getpid();

    // What is made before atexit() is called lives until after the report.
    observer::global_memory();
    observer::fences();
    observer::actors();
    observer::name_files_from(std::filesystem::current_path().string());
    observer::Observation::instance().begin();
    std::atexit(report_at_exit);
    cpu_device::on_host_crash(on_crash);
    signal(SIGABRT, on_abort);
}

}  // namespace

bool report_now() {
    return report_once("");
}

}  // namespace t2t::own
