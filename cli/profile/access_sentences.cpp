// Sentences about memory: coalescing, banks, bytes.

#include "cli/check/columns.hpp"
#include "cli/profile/sentences.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

using rung_check::amount;

/// The sectors of the widest request: 32 lanes of 16 bytes.
constexpr double most_sectors = 16;
/// Above this many times the least, sectors are wasted; below its inverse, lanes share them.
constexpr double sector_slack = 1.1;
/// The same for passes. It is wider, because ncu's passes include a few that are no bank conflict.
constexpr double bank_slack = 1.25;

/// `4` for 4.00, `4.25`, `32.5`.
std::string number(double value) {
    std::string text = formatted(value < 10 ? "%.2f" : "%.1f", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// `4 sectors`, `1 pass`.
std::string counted(double value, const std::string& word, const std::string& plural) {
    return number(value) + ' ' + word + (value == 1 ? "" : plural);
}

/// How many times the least a request takes; 1 where the least is not known.
double excess(const Accesses& accesses) {
    return accesses.least > 0 ? accesses.each / accesses.least : 1;
}

/// Loads and stores; those that do not count are left out.
class Both {
 public:
    Both(const std::optional<Accesses>& loads, const std::optional<Accesses>& stores) {
        if (counts(loads, stores)) loads_ = *loads;
        if (counts(stores, loads)) stores_ = *stores;
    }

    bool empty() const { return !loads_ && !stores_; }
    /// Whether the stores waste more, or are alone.
    bool stores_are_worse() const {
        return !loads_ || (stores_ && waste(*stores_) > waste(*loads_));
    }
    const Accesses& worse() const { return stores_are_worse() ? *stores_ : *loads_; }
    const std::optional<Accesses>& other() const { return stores_are_worse() ? loads_ : stores_; }

    /// The worst line, and what the other kind takes, in brackets.
    std::string remarks() const {
        std::string text = worse().where.empty() ? "" : "worst in " + worse().where;
        if (other()) {
            text += (text.empty() ? "" : "; ") +
                    std::string(stores_are_worse() ? "loads" : "stores") + " take " +
                    number(other()->each);
            if (other()->least > 0) text += ", at best " + number(other()->least);
        }
        return text.empty() ? "" : " (" + text + ")";
    }

 private:
    static double all(const Accesses& accesses) { return accesses.requests * accesses.each; }
    static double waste(const Accesses& accesses) {
        return accesses.least > 0 ? accesses.requests * (accesses.each - accesses.least) : 0;
    }
    /// A twentieth of the others is too little to speak of.
    static bool counts(const std::optional<Accesses>& own, const std::optional<Accesses>& others) {
        return own && own->each > 0 && (!others || 20 * all(*own) >= all(*others));
    }

    std::optional<Accesses> loads_, stores_;
};

}  // namespace

std::optional<Sentence> coalescing_sentence(const std::optional<Accesses>& loads,
                                            const std::optional<Accesses>& stores) {
    const Both both(loads, stores);
    if (both.empty()) return std::nullopt;
    const Accesses& worse = both.worse();
    const std::string kind = both.stores_are_worse() ? "Stores" : "Loads";
    const std::string touches =
        " a warp's request touches " + counted(worse.each, "sector", "s") + " of 32 bytes";
    const auto scattered = [&](const std::string& least) {
        return Sentence{kind + " are scattered:" + touches + " where " + least + " would do" +
                            both.remarks() + ", so neighbouring lanes " +
                            (both.stores_are_worse() ? "write to" : "read from") +
                            " addresses far apart; give neighbouring lanes neighbouring elements, "
                            "or turn the data over in shared memory.",
                        true};
    };

    if (worse.least <= 0) {
        if (worse.each > most_sectors * sector_slack) {
            return scattered(number(most_sectors) + " at most");
        }
        // 32 lanes of w bytes side by side fill w sectors.
        return Sentence{kind + " touch " + counted(worse.each, "sector", "s") +
                        " of 32 bytes per request" + both.remarks() +
                        ": right for lanes side by side with " + number(worse.each) +
                        " bytes each, and too many for narrower ones."};
    }
    if (excess(worse) > 2) return scattered(number(worse.least));
    if (excess(worse) > sector_slack) {
        return Sentence{kind + " are not quite coalesced:" + touches + " where " +
                            number(worse.least) + " would do" + both.remarks() +
                            "; start rows at multiples of 32 bytes, and leave no gaps between "
                            "lanes.",
                        true};
    }
    if (excess(worse) * sector_slack < 1) {
        return Sentence{kind + " share sectors:" + touches +
                        " where 32 different words would fill " + number(worse.least) +
                        both.remarks() + ", as lanes ask for the same words or stand idle."};
    }
    std::string text = kind + " are coalesced:" + touches;
    if (both.other()) {
        text +=
            std::string(both.stores_are_worse() ? ", one of the loads " : ", one of the stores ") +
            number(both.other()->each);
    }
    return Sentence{text + ", no more than their bytes fill."};
}

std::optional<Sentence> banks_sentence(const std::optional<Accesses>& loads,
                                       const std::optional<Accesses>& stores) {
    const Both both(loads, stores);
    if (both.empty()) return std::nullopt;
    const Accesses& worse = both.worse();
    // One request cannot take more; ldmatrix and WMMA make passes that ncu's count of loads leaves out.
    constexpr double most_passes = 34;
    if (worse.each > most_passes) return std::nullopt;
    const std::string takes = std::string(both.stores_are_worse() ? "a store to" : "a load from") +
                              " shared memory takes " + counted(worse.each, "pass", "es");
    // Where the width is not known: 16 bytes per lane take 4 passes, and nothing takes more.
    const double least = worse.least > 0 ? worse.least : 4;
    if (worse.each > least * bank_slack) {
        return Sentence{"Banks conflict: " + takes + " where " + number(least) + " would do" +
                            both.remarks() +
                            ", as lanes of a warp ask for different words of one bank; pad each "
                            "row by a word, or swizzle its columns.",
                        true};
    }
    std::string text = "Banks hardly conflict: " + takes;
    if (both.other()) {
        text += std::string(both.stores_are_worse() ? ", a load " : ", a store ") +
                number(both.other()->each);
    }
    return Sentence{text + ", where a pass moves up to 128 bytes."};
}

std::optional<Sentence> dram_sentence(std::optional<double> read, std::optional<double> written,
                                      double must_move) {
    if (!read && !written) return std::nullopt;
    const double moved = read.value_or(0) + written.value_or(0);
    const std::string what = "DRAM " +
                             std::string(read && written ? "moved "
                                         : read          ? "sent "
                                                         : "received ") +
                             amount(moved, "B");
    const std::string must = amount(must_move, "B");
    if (must_move <= 0) return Sentence{what + "."};
    const double times = moved / must_move;
    if (times > byte_slack) {
        return Sentence{what + " where " + must + " must move, " + number(times) +
                            " times as much: data left the caches before they were used again; "
                            "use them again from registers or shared memory, or let blocks that "
                            "share them run at the same time.",
                        true};
    }
    if (times * byte_slack >= 1) {
        return Sentence{what + ", and " + must + " must move: nothing is fetched twice."};
    }
    return Sentence{what + " of the " + must +
                    " that must move: the caches had the rest, or kept "
                    "it, or it is of the other direction."};
}

std::optional<Sentence> caches_sentence(const Metrics& metrics) {
    const auto l1 = value_of(metrics, l1_hits);
    const auto l2 = value_of(metrics, l2_hits);
    if (l1) {
        return Sentence{"L1 had " + text_of(*l1, Unit::percent) +
                        " of the sectors that loads asked for, and the rest came from L2 or DRAM."};
    }
    if (l2) {
        return Sentence{"L2 had " + text_of(*l2, Unit::percent) +
                        " of the sectors that it was asked for, and the rest came from DRAM."};
    }
    return std::nullopt;
}

std::optional<Sentence> atomics_sentence(double requests, double rounds) {
    if (requests <= 0) return std::nullopt;
    const double each = rounds / requests;
    const std::string text =
        "An atomic request takes " + number(each) + (each == 1 ? " round" : " rounds");
    if (each <= 2) return Sentence{text + ": its lanes hardly meet at one address."};
    return Sentence{text +
                        ", as lanes of a warp meet at one address and go one after the other; "
                        "add up within the warp first, and let one lane do it.",
                    true};
}

Sentence sectors_sentence(double moved, double behind_l2, double must_move) {
    const std::string text = "Its requests move " + amount(moved, "B") + " in sectors";
    const double times = must_move > 0 ? moved / must_move : 0;
    if (times > 0 && times * byte_slack < 1) {
        return {
            text + ", less than the " + amount(must_move, "B") +
            " that count as what must move: it does not touch all of them, or lanes share words."};
    }
    if (times > 0 && times <= byte_slack) {
        return {text + ", about as much as the " + amount(must_move, "B") + " that must move."};
    }
    const std::string how_much = times > 0 ? ", " + number(times) + " times the " +
                                                 amount(must_move, "B") + " that must move"
                                           : "";
    return {text + how_much + "; a GPU's L2 of 60 MiB would ask DRAM for " +
                amount(behind_l2, "B") + " of them.",
            times > 2};
}

}  // namespace t2t::profile
