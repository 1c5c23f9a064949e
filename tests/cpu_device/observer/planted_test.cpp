// How a planted fault is held against the observer's report, and that this can fail.
#include "tests/cpu_device/observer/planted.hpp"

#include <algorithm>

#include "tests/cpu_device/observer/source.hpp"

namespace t2t::observer {
namespace {

bool is_race(FaultKind kind) {
    return kind == FaultKind::shared_race || kind == FaultKind::global_race_in_block ||
           kind == FaultKind::global_race || kind == FaultKind::same_value_race;
}

/// Whether the lines that the fault names are the marked ones: a race names all of them.
bool names_lines(const Fault& fault, const std::set<int>& marked) {
    std::set<int> named{fault.where.line};
    if (!is_race(fault.kind)) return !fault.other && marked.contains(fault.where.line);
    if (!fault.other) return false;
    named.insert(fault.other->line);
    return named == marked;
}

bool names_threads(const Fault& fault, const Planted& planted, int first_marked) {
    if (!is_race(fault.kind)) return planted.guilty(fault.thread, fault.thread);
    if (!fault.other) return false;
    if (!fault.other_thread) return planted.partner == Partner::may_be_unknown;
    const ThreadPlace& one = fault.thread;
    const ThreadPlace& other = *fault.other_thread;
    if (fault.where.line == fault.other->line)
        return planted.guilty(one, other) || planted.guilty(other, one);
    return fault.where.line == first_marked ? planted.guilty(one, other)
                                            : planted.guilty(other, one);
}

/// What is wrong with `fault` as a report of `planted`; empty when nothing is.
std::string complaint(const Fault& fault, const Planted& planted, const std::string& file,
                      const std::set<int>& marked) {
    if (fault.kernel != planted.kernel) return "names the kernel `" + fault.kernel + "`";
    if (fault.where.file != file) return "names the file `" + fault.where.file + "`";
    if (fault.kind != planted.kind) {
        const bool follows = std::ranges::count(planted.also, fault.kind) != 0;
        const bool in_place = marked.contains(fault.where.line) &&
                              (!fault.other || marked.contains(fault.other->line));
        return follows && in_place ? "" : "is another fault";
    }
    if (!names_lines(fault, marked)) return "names other lines than those marked";
    if (!names_threads(fault, planted, *marked.begin())) return "names threads that do not do it";
    if (fault.what.find(planted.says) == std::string::npos)
        return "does not say \"" + std::string(planted.says) + "\"";
    if (fault.cause.empty()) return "does not say what to do";
    return "";
}

}  // namespace

void expect_found(const Planted& planted, const std::string& file) {
    const std::set<int> marked = lines_with("// fault", planted.kernel, file);
    ASSERT_FALSE(marked.empty()) << planted.kernel << " has no line marked `// fault`";
    const Report report = observe(planted.launch);
    int found = 0;
    for (const Fault& fault : report.faults) {
        EXPECT_EQ(complaint(fault, planted, file, marked), "")
            << fault_name(fault.kind) << ": " << fault.message();
        found += fault.kind == planted.kind;
    }
    EXPECT_GT(found, 0) << "saw no " << fault_name(planted.kind) << " in " << planted.kernel;
}

namespace {

// A report of a race as it should be, against which each test below changes one thing.
const std::string file = "some.cu";
const std::set<int> marked = {10, 12};
const Planted neighbours{
    "some_kernel",
    FaultKind::shared_race,
    [] {},
    "`tile`",
    [](At writer, At reader) { return writer.thread.x == reader.thread.x + 1; },
    {FaultKind::uninitialised_shared}};

Fault sound_fault() {
    Fault fault;
    fault.kind = FaultKind::shared_race;
    fault.kernel = "some_kernel";
    fault.where = {file, 12, "some_kernel"};
    fault.other = {file, 10, "some_kernel"};
    fault.thread.thread = {4, 0, 0};
    fault.other_thread = ThreadPlace{{0, 0, 0}, {5, 0, 0}};
    fault.what = "reads `tile`";
    fault.cause = "put a barrier between";
    return fault;
}

std::string complaint_after(void (*change)(Fault&)) {
    Fault fault = sound_fault();
    change(fault);
    return complaint(fault, neighbours, file, marked);
}

TEST(PlantedFault, AcceptsASoundReportInEitherOrder) {
    EXPECT_EQ(complaint_after([](Fault&) {}), "");
    EXPECT_EQ(complaint_after([](Fault& fault) {
                  std::swap(fault.where, *fault.other);
                  std::swap(fault.thread, *fault.other_thread);
              }),
              "");
}

TEST(PlantedFault, RejectsWhatIsWrong) {
    EXPECT_NE(complaint_after([](Fault& fault) { fault.kernel = "other_kernel"; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.where.file = "other.cu"; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.where.line = 10; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.other->line = 11; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.other.reset(); }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.other_thread.reset(); }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.thread.thread.x = 6; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.what = "reads `other`"; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.cause = ""; }), "");
    EXPECT_NE(complaint_after([](Fault& fault) { fault.kind = FaultKind::global_race; }), "");
}

TEST(PlantedFault, ToleratesAConsequenceAtTheMarkedLinesOnly) {
    const auto read_before_write = [](Fault& fault) {
        fault.kind = FaultKind::uninitialised_shared;
        fault.other.reset();
    };
    EXPECT_EQ(complaint_after(read_before_write), "");
    EXPECT_NE(complaint_after([](Fault& fault) {
                  fault.kind = FaultKind::uninitialised_shared;
                  fault.other.reset();
                  fault.where.line = 13;
              }),
              "");
}

}  // namespace
}  // namespace t2t::observer
