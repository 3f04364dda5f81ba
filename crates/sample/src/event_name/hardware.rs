//! Generic hardware and software events (`PERF_TYPE_HARDWARE`, `PERF_TYPE_SOFTWARE`) and their aliases.

use perf_event_open_sys::bindings as sys;

const HW: u32 = sys::PERF_TYPE_HARDWARE;
const SW: u32 = sys::PERF_TYPE_SOFTWARE;

/// Every name with its type and number.
pub(super) const EVENTS: [(&str, u32, u32); 34] = [
    ("cpu-cycles", HW, sys::PERF_COUNT_HW_CPU_CYCLES),
    ("cycles", HW, sys::PERF_COUNT_HW_CPU_CYCLES),
    ("instructions", HW, sys::PERF_COUNT_HW_INSTRUCTIONS),
    ("cache-references", HW, sys::PERF_COUNT_HW_CACHE_REFERENCES),
    ("cache-misses", HW, sys::PERF_COUNT_HW_CACHE_MISSES),
    ("branch-instructions", HW, sys::PERF_COUNT_HW_BRANCH_INSTRUCTIONS),
    ("branches", HW, sys::PERF_COUNT_HW_BRANCH_INSTRUCTIONS),
    ("branch-misses", HW, sys::PERF_COUNT_HW_BRANCH_MISSES),
    ("bus-cycles", HW, sys::PERF_COUNT_HW_BUS_CYCLES),
    ("stalled-cycles-frontend", HW, sys::PERF_COUNT_HW_STALLED_CYCLES_FRONTEND),
    ("idle-cycles-frontend", HW, sys::PERF_COUNT_HW_STALLED_CYCLES_FRONTEND),
    ("stalled-cycles-backend", HW, sys::PERF_COUNT_HW_STALLED_CYCLES_BACKEND),
    ("idle-cycles-backend", HW, sys::PERF_COUNT_HW_STALLED_CYCLES_BACKEND),
    ("ref-cycles", HW, sys::PERF_COUNT_HW_REF_CPU_CYCLES),
    ("cpu-clock", SW, sys::PERF_COUNT_SW_CPU_CLOCK),
    ("task-clock", SW, sys::PERF_COUNT_SW_TASK_CLOCK),
    ("page-faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS),
    ("page_faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS),
    ("faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS),
    ("context-switches", SW, sys::PERF_COUNT_SW_CONTEXT_SWITCHES),
    ("context_switches", SW, sys::PERF_COUNT_SW_CONTEXT_SWITCHES),
    ("cs", SW, sys::PERF_COUNT_SW_CONTEXT_SWITCHES),
    ("cpu-migrations", SW, sys::PERF_COUNT_SW_CPU_MIGRATIONS),
    ("migrations", SW, sys::PERF_COUNT_SW_CPU_MIGRATIONS),
    ("minor-faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS_MIN),
    ("minor_faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS_MIN),
    ("major-faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS_MAJ),
    ("major_faults", SW, sys::PERF_COUNT_SW_PAGE_FAULTS_MAJ),
    ("alignment-faults", SW, sys::PERF_COUNT_SW_ALIGNMENT_FAULTS),
    ("alignment_faults", SW, sys::PERF_COUNT_SW_ALIGNMENT_FAULTS),
    ("emulation-faults", SW, sys::PERF_COUNT_SW_EMULATION_FAULTS),
    ("dummy", SW, sys::PERF_COUNT_SW_DUMMY),
    ("bpf-output", SW, sys::PERF_COUNT_SW_BPF_OUTPUT),
    ("cgroup-switches", SW, sys::PERF_COUNT_SW_CGROUP_SWITCHES),
];

/// The type and number of a name.
pub(super) fn find(name: &str) -> Option<(u32, u64)> {
    let known = EVENTS.iter().find(|(known, ..)| *known == name);
    known.map(|(_, kind, config)| (*kind, u64::from(*config)))
}

/// The first name of a type and number.
pub(super) fn name_of(kind: u32, config: u64) -> Option<&'static str> {
    let is_it =
        |(_, known, number): &&(&str, u32, u32)| (*known, u64::from(*number)) == (kind, config);
    EVENTS.iter().find(is_it).map(|(name, ..)| *name)
}

/// The known name that takes the fewest edits to reach, if these are few.
pub(super) fn near(name: &str) -> Option<&'static str> {
    let best = EVENTS.iter().map(|(known, ..)| (edits(name, known), *known)).min()?;
    (best.0 <= 3 && best.0 < name.len()).then_some(best.1)
}

/// Levenshtein's distance, over bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.bytes().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(a.len())
}
