//! Maps and what walks over them, against the running kernel.

use skep_abi::MapType;
use skep_machine::MapDef;

use super::pair::{Pair, Twin};
use super::vector::{Arg, Host, NoAnswer};

#[test]
fn loops_run_the_same() {
    let pair = Pair::new();
    for nr in [0, 1, 5, 1 << 32 | 3, 1 << 23, (1 << 23) + 1, u64::from(u32::MAX)] {
        for flags in [0, 1, 1 << 40] {
            for stop in [-1, 0, 3] {
                let args =
                    [Arg::Value(nr), Arg::Callback(0, stop), Arg::Value(0), Arg::Value(flags)];
                if !pair.agree("bpf_loop", &args, &[0; 8], &format!("{nr} {flags} {stop}")) {
                    return;
                }
            }
        }
    }
}

/// The maps that calls are tried on: type, sizes, and elements to begin with.
fn twins() -> Result<Vec<Twin>, NoAnswer> {
    let element = |key: u64, value: u64| (key.to_le_bytes().to_vec(), value.to_le_bytes().to_vec());
    let index = |key: u32, value: u64| (key.to_le_bytes().to_vec(), value.to_le_bytes().to_vec());
    Ok(vec![
        Twin::new(MapDef::new("array", MapType::Array, 4, 8, 3), vec![index(1, 7)])?,
        Twin::new(MapDef::new("hash", MapType::Hash, 8, 8, 2), vec![element(1, 7)])?,
        Twin::new(MapDef::new("full", MapType::Hash, 8, 8, 2), vec![element(2, 7), element(3, 7)])?,
    ])
}

#[test]
fn elements_are_walked_the_same() {
    let Ok(twins) = twins().inspect_err(|why| skep_skip::skipped!("{why:?}")) else { return };
    for twin in &twins {
        for flags in [0, 1] {
            for stop in [-1, 1, 2] {
                // Each try has its own pair of maps, for our side makes a new one each time.
                let pair = Pair::with(twin);
                let args = [
                    Arg::Map(&twin.theirs),
                    Arg::Counter(0, stop),
                    Arg::Value(0),
                    Arg::Value(flags),
                ];
                let what = format!("{} {flags} {stop}", twin.def.name);
                if !pair.agree("bpf_for_each_map_elem", &args, &[0; 8], &what) {
                    return;
                }
            }
        }
    }
}

#[test]
fn elements_are_updated_and_deleted_the_same() {
    for key in [0u64, 1, 2, 3, 1 << 40] {
        for flags in [0, 1, 2, 3, 4, 5, 8, 1 << 40, u64::MAX] {
            let Ok(twins) = twins().inspect_err(|why| skep_skip::skipped!("{why:?}")) else {
                return;
            };
            for twin in &twins {
                let memory = [key.to_le_bytes(), [9; 8]].concat();
                let what = format!("{} {key} {flags}", twin.def.name);
                let update =
                    [Arg::Map(&twin.theirs), Arg::Scratch(0), Arg::Scratch(8), Arg::Value(flags)];
                let pair = Pair::with(twin);
                if !pair.agree("bpf_map_update_elem", &update, &memory, &what) {
                    return;
                }
            }
        }
        let Ok(twins) = twins().inspect_err(|why| skep_skip::skipped!("{why:?}")) else { return };
        for twin in &twins {
            let delete = [Arg::Map(&twin.theirs), Arg::Scratch(0)];
            let what = format!("{} {key}", twin.def.name);
            Pair::with(twin).agree("bpf_map_delete_elem", &delete, &key.to_le_bytes(), &what);
        }
    }
}

#[test]
fn rings_take_and_refuse_the_same() {
    for size in [0, 1, 8, 4000, 4088, 4089, 4096] {
        for flags in [0, 1, 2, 3, 4, 1 << 40] {
            let ring = MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096);
            let Ok(twin) = Twin::new(ring, vec![]) else {
                skep_skip::skipped!("no ring buffer");
                return;
            };
            let pair = Pair::with(&twin);
            let output =
                [Arg::Map(&twin.theirs), Arg::Scratch(0), Arg::Value(size), Arg::Value(flags)];
            if !pair.agree("bpf_ringbuf_output", &output, &[7; 16], &format!("{size} {flags}")) {
                return;
            }
        }
    }
    let Ok(twin) = Twin::new(MapDef::new("ring", MapType::Ringbuf, 0, 0, 4096), vec![]) else {
        return;
    };
    for flags in [0, 1, 2, 3, 5, u64::MAX] {
        let query = [Arg::Map(&twin.theirs), Arg::Value(flags)];
        Pair::with(&twin).agree("bpf_ringbuf_query", &query, &[], &format!("{flags}"));
    }
}

#[test]
fn event_arrays_refuse_the_same() {
    let events = MapDef::new("events", MapType::PerfEventArray, 4, 4, 2);
    let Ok(twin) = Twin::new(events, vec![]).inspect_err(|why| skep_skip::skipped!("{why:?}"))
    else {
        return;
    };
    for flags in [0, 1, 2, 3, 0xffff_fffe, 0xffff_ffff, 1 << 32, 1 << 32 | 2, u64::MAX] {
        let mut pair = Pair::with(&twin);
        // System call programs may not have such a map.
        pair.host = Host::RawTracepoint;
        let output =
            [Arg::Ctx, Arg::Map(&twin.theirs), Arg::Value(flags), Arg::Scratch(0), Arg::Value(8)];
        if !pair.agree("bpf_perf_event_output", &output, &[7; 8], &format!("{flags:#x}")) {
            return;
        }
    }
}
