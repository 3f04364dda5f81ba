//! Programs that are made from the catalogue's prototypes, which the running kernel must accept.

use std::io;
use std::os::fd::AsRawFd as _;

use skep_abi::{ArgType, CallKind, CallSpec, Effect, Permit, ProgType, RetType, SizeRule};

use super::asm::Asm;
use super::bpf::Map;
use super::host::{Loader, loaders};
use super::{TABLES_KNOWN, running};

const HASH: u32 = 1;
const ARRAY: u32 = 2;
const PROG_ARRAY: u32 = 3;
const PERF_EVENT_ARRAY: u32 = 4;
const PERCPU_HASH: u32 = 5;
const STACK_TRACE: u32 = 7;
const DEVMAP: u32 = 14;
const CGROUP_STORAGE: u32 = 19;
const QUEUE: u32 = 22;
const RINGBUF: u32 = 27;

/// A map that the call takes.
fn map_for(spec: &CallSpec) -> io::Result<Map> {
    match spec.name {
        "bpf_tail_call" => Map::create(PROG_ARRAY, 4, 4, 1, 0),
        "bpf_perf_event_output" => Map::create(PERF_EVENT_ARRAY, 4, 4, 1, 0),
        "bpf_get_stackid" => Map::create(STACK_TRACE, 4, 8 * 16, 4, 0),
        "bpf_redirect_map" => Map::create(DEVMAP, 4, 4, 1, 0),
        "bpf_map_lookup_percpu_elem" => Map::create(PERCPU_HASH, 8, 8, 4, 0),
        "bpf_get_local_storage" => Map::create(CGROUP_STORAGE, 8, 8, 0, 0),
        "bpf_map_push_elem" | "bpf_map_pop_elem" | "bpf_map_peek_elem" => {
            Map::create(QUEUE, 0, 8, 4, 0)
        }
        name if name.starts_with("bpf_ringbuf_") => Map::create(RINGBUF, 0, 0, 4096, 0),
        _ => Map::create(HASH, 8, 8, 4, 0),
    }
}

/// A frozen read-only map with an empty string.
fn const_str() -> io::Result<Map> {
    let map = Map::create(ARRAY, 4, 8, 1, 1 << 7)?;
    map.update(&0u32.to_le_bytes(), &[0; 8])?;
    map.freeze()?;
    Ok(map)
}

/// Stack bytes at `R10 - 64`, all zero, serve as memory, keys and values.
fn stack(asm: Asm, reg: u8) -> Asm {
    asm.mov(reg, 10).add(reg, -64)
}

fn program(spec: &CallSpec, map: &Map, text: &Map, ret: u64) -> Asm {
    let mut asm = Asm::default().mov(6, 1);
    for off in (-64..0).step_by(8) {
        asm = asm.store_zero(10, off);
    }
    let takes_record = spec.args.contains(&ArgType::RingbufMem);
    if takes_record {
        // A record to give back; without one, leave.
        asm = asm.map(1, map.fd.as_raw_fd()).set(2, 8).set(3, 0).call(131).mov(7, 0);
        asm = asm.jump_if_ne(0, 0, 3).set(0, ret).exit();
    }
    for (reg, arg) in (1u8..).zip(spec.args) {
        asm = match *arg {
            ArgType::Ctx => asm.mov(reg, 6),
            ArgType::ConstMapPtr => asm.map(reg, map.fd.as_raw_fd()),
            ArgType::MapKey | ArgType::MapValue { .. } => stack(asm, reg),
            ArgType::Mem { size: SizeRule::NextArg | SizeRule::Fixed(_), .. } => stack(asm, reg),
            ArgType::ConstSize | ArgType::ConstSizeOrZero | ArgType::ConstAllocSize => {
                asm.set(reg, 8)
            }
            ArgType::RingbufMem => asm.mov(reg, 7),
            ArgType::ConstStr => asm.map_value(reg, text.fd.as_raw_fd(), 0),
            ArgType::Func => asm.func(reg),
            ArgType::DontCare => asm,
            ArgType::StackOrNull | ArgType::Anything | ArgType::Scalar { .. } => asm.set(reg, 0),
            ArgType::BtfPtr { .. }
            | ArgType::Iter { .. }
            | ArgType::Dynptr(_)
            | ArgType::SpinLock
            | ArgType::SockCommon
            | ArgType::BtfIdSockCommon
            | ArgType::SockRelease
            | ArgType::KptrXchgDest
            | ArgType::KfuncCtx { .. }
            | ArgType::AllocObj
            | ArgType::GraphRoot { .. }
            | ArgType::GraphNode { .. }
            | ArgType::PercpuBtfId
            | ArgType::OwnedOrNull => unreachable!("calls that take objects are left out"),
        };
    }
    let CallKind::Helper(id) = spec.kind else { unreachable!("kfuncs have no number") };
    asm = asm.call(id);
    if spec.effect == Some(Effect::RingbufReserve) {
        asm = asm.jump_if_eq(0, 0, 4).mov(1, 0).set(2, 0).call(132);
    } else if matches!(spec.ret, RetType::SocketOrNull | RetType::SockCommonOrNull) {
        // What was looked up is given up.
        asm = asm.jump_if_eq(0, 0, 2).mov(1, 0).call(86);
    } else if spec.ret == RetType::MapValueOrNull {
        asm = asm.jump_if_eq(0, 0, 1).load(1, 0, 0);
    } else if matches!(spec.ret, RetType::BtfPtr { trusted: true, .. }) {
        asm = asm.load(1, 0, 0);
    }
    asm = asm.set(0, ret).exit();
    if spec.args.contains(&ArgType::Func) {
        asm = asm.callback(&Asm::default().set(0, 0).exit());
    }
    asm
}

/// Whether a call takes an object that no program of bare insns has at hand: the kernel's own selftests make those.
fn takes_object(spec: &CallSpec) -> bool {
    let is_object = |arg: &ArgType| {
        use ArgType as A;
        matches!(
            arg,
            A::SpinLock
                | A::SockCommon
                | A::BtfIdSockCommon
                | A::SockRelease
                | A::BtfPtr { .. }
                | A::PercpuBtfId
                | A::Dynptr(_)
        )
    };
    spec.args.iter().any(is_object)
}

fn accepted(spec: &CallSpec, loader: &Loader, text: &Map) -> Result<(), String> {
    let map = map_for(spec).map_err(|error| format!("map: {error}"))?;
    let asm = program(spec, &map, text, loader.ret);
    loader.load(&asm).map_err(|refused| refused.why())
}

#[test]
fn the_running_kernel_accepts_calls_made_from_our_prototypes() {
    let Some(version) = running(TABLES_KNOWN) else { return };
    let loaders = loaders();
    let Ok(text) = const_str() else {
        skep_skip::skipped!("the kernel makes no maps for us");
        return;
    };
    let mut wrong = Vec::new();
    // Kptrs need maps with types, which whole objects have: `crates/skep/tests/twin` loads those.
    let is_plain = |spec: &CallSpec| {
        matches!(spec.kind, CallKind::Helper(_)) && !spec.args.contains(&ArgType::KptrXchgDest)
    };
    for call in skep_calls::calls().filter(|call| is_plain(&call.spec)) {
        let types = loaders.iter().filter(|loader| {
            // A raw tracepoint has no traced function; system call programs are sleepable, and sleepable
            // programs may have few types of maps.
            let name = call.spec.name;
            let other_rule = match loader.prog_type {
                ProgType::Tracing => name == "bpf_get_func_ip",
                ProgType::Syscall => {
                    const OTHER_MAPS: &[&str] = &[
                        "bpf_tail_call",
                        "bpf_get_stackid",
                        "bpf_perf_event_output",
                        "bpf_map_push_elem",
                        "bpf_map_pop_elem",
                        "bpf_map_peek_elem",
                    ];
                    OTHER_MAPS.contains(&name)
                }
                _ => false,
            };
            call.spec.permit(loader.prog_type, version) == Permit::Allowed && !other_rule
        });
        if takes_object(&call.spec) {
            println!("skip {}: it takes an object", call.spec.name);
            continue;
        }
        let mut tried = 0;
        for loader in types {
            tried += 1;
            if let Err(why) = accepted(&call.spec, loader, &text) {
                wrong.push(format!("{} {}: {why}", loader.prog_type.name(), call.spec.name));
            }
        }
        if tried == 0 {
            println!(
                "skip {}: no program type that may call it can be loaded here",
                call.spec.name
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
