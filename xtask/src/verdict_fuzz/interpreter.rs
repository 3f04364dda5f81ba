//! Accepted programs run in the interpreter, with random input: what the verifier takes must not trap.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use skep::load::{Types, map_fields, obj_types};
use skep_abi::{Addr, Cpu, Errno, MapType, Pid, ProgId, ProgType};
use skep_interp::{Interp, Program, ProgramSpec, Trap, TrapKind};
use skep_isa::{Insn, opcode as op};
use skep_machine::map::{KINDS, KeyType, MapFlags};
use skep_machine::memory::{Label, Rights, Slab, SlabSpec, Window};
use skep_machine::{Machine, Map, MapDef, ObjType, Run, UserMemory};

use super::generate::Generated;
use super::rng::Rng;
use super::world::{Context, World, WorldMap, inner_spec, map};

/// Programs that one machine runs before it is replaced: code keeps its addresses.
const PROGRAMS: u32 = 2000;
/// Insns of a run, after which it is let be: the verifier bounds states, not time.
const BUDGET: u64 = 200_000;
/// Bytes of a context, and where in its memory it begins: Linux lets syscall programs read 64 KiB, and, since it
/// compares a negative offset with an unsigned size, tracepoint programs whatever an offset can reach before it.
const CONTEXT: usize = 96 << 10;
const START: u64 = 32 << 10;

/// Bytes of a packet.
const FRAME: usize = 100;

/// The number of `bpf_get_func_ip`, which wants a traced function: no program has one here.
const GET_FUNC_IP: i32 = 173;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    Well,
    /// It needs what the machine does not have.
    NotRun,
    Trapped(String),
}

/// Runs programs.
pub(crate) struct Runner<'w> {
    world: &'w World,
    bench: Option<Bench>,
}

struct Bench {
    machine: Machine,
    interp: Interp,
    maps: Vec<Option<Addr>>,
    context: Slab,
    /// Structs that programs may allocate.
    obj_types: Arc<HashMap<u32, Arc<ObjType>>>,
    runs: u32,
}

struct NoProcess;

impl UserMemory for NoProcess {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

impl<'w> Runner<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self { world, bench: None }
    }

    /// Runs a program; the number decides the input.
    pub(crate) fn run(&mut self, generated: &Generated, number: u64) -> Ran {
        if !can_run(generated) {
            return Ran::NotRun;
        }
        if self.bench.as_ref().is_none_or(|bench| bench.runs >= PROGRAMS) {
            self.bench = match Bench::new(self.world) {
                Ok(bench) => Some(bench),
                Err(why) => return Ran::Trapped(format!("there is no machine: {why}")),
            };
        }
        let Some(bench) = &mut self.bench else { return Ran::NotRun };
        bench.runs += 1;
        let ran = catch_unwind(AssertUnwindSafe(|| bench.run(self.world, generated, number)));
        ran.unwrap_or_else(|_| Ran::Trapped("the interpreter panicked".to_owned()))
    }
}

/// Whether the interpreter has what the program reads: contexts of other programs than those of packets are plain bytes
/// here, which hold no kernel object.
fn can_run(generated: &Generated) -> bool {
    let reads_task = |insn: &Insn| {
        let is_read = insn.code & (op::CLASS_MASK | op::MODE_MASK) == op::LDX | op::MEM;
        // By whatever register: the context is in one or the other.
        is_read && insn.off == 0
    };
    let asks_function =
        |insn: &Insn| insn.code == op::JMP | op::CALL && insn.src.0 == 0 && insn.imm == GET_FUNC_IP;
    let reads_object = generated.target.context == Context::Task;
    !generated.insns.iter().any(|insn| asks_function(insn) || reads_object && reads_task(insn))
}

impl Bench {
    fn new(world: &World) -> Result<Self, String> {
        let machine = Machine::builder()
            .cpus(2)
            .version(world.profile.version)
            .btf(world.profile.btf.clone())
            .build()
            .map_err(|e| e.to_string())?;
        let mut maps = Vec::new();
        for spec in &world.maps {
            let id = KINDS.contains(&spec.kind).then(|| machine.create_map(def(world, spec)));
            let id = id.transpose().map_err(|e| e.to_string())?;
            maps.push(id.and_then(|id| machine.map(id)).map(Map::addr));
        }
        let label = Label::new("random context", "");
        let mut spec = SlabSpec::new(Window::Contexts, CONTEXT as u64, 1, label);
        spec.rights = Rights::READ_WRITE;
        let context = machine.memory().alloc(&spec).map_err(|e| e.to_string())?;
        let interp = Interp::new().allow_uninit_stack(true).budget(BUDGET);
        let obj_types = obj_types(types(world));
        let bench = Self { machine, interp, maps, context, obj_types, runs: 0 };
        if let Some(constants) = bench.value(map::CONSTANTS) {
            let memory = bench.machine.memory();
            memory.kernel_write(constants, &world.constants).map_err(|e| e.to_string())?;
        }
        Ok(bench)
    }

    /// The first element of an array.
    fn value(&self, index: usize) -> Option<Addr> {
        let addr = (*self.maps.get(index)?)?;
        self.machine.map_at(addr).ok()?.lookup(Cpu(0), &[0; 4])
    }

    fn run(&self, world: &World, generated: &Generated, number: u64) -> Ran {
        let Some(insns) = self.resolved(generated) else { return Ran::NotRun };
        let kfuncs = generated
            .insns
            .iter()
            .filter(|insn| insn.code == op::JMP | op::CALL && insn.src.0 == op::PSEUDO_KFUNC_CALL);
        let kfuncs = kfuncs.filter_map(|insn| {
            let id = skep_btf::TypeId(u32::try_from(insn.imm).ok()?);
            Some((insn.imm, world.profile.btf.name(id).to_owned()))
        });
        let kfuncs = kfuncs.collect();
        let spec = ProgramSpec {
            kfuncs,
            obj_types: Arc::clone(&self.obj_types),
            ..ProgramSpec::raw(ProgId(1), "fuzz", generated.target.prog_type, insns)
        };
        let Ok(program) = Program::new(&self.machine, spec) else { return Ran::NotRun };
        let program: Arc<Program> = self.interp.progs().insert(program);
        let mut rng = Rng::new(number, 1);
        let bytes: Vec<u8> = (0..32).flat_map(|_| rng.next().to_le_bytes()).collect();
        self.context.write(0, START, &bytes);
        let packets = self.machine.packets();
        let packet = match generated.target.context {
            Context::Skb(_) => {
                let is_l2 = generated.target.prog_type == ProgType::SchedCls;
                packets.skb(&bytes[..FRAME], is_l2)
            }
            Context::Xdp => packets.xdp(&bytes[..FRAME], 0),
            _ => return self.run_at(world, &program, self.context.addr(0).offset(START as i64)),
        };
        let Ok(packet) = packet else { return Ran::NotRun };
        let at = packets.insert(packet);
        let ran = self.run_at(world, &program, at);
        if let Some(packet) = packets.remove(at) {
            packets.free(packet);
        }
        ran
    }

    /// Runs a program with the context at this address.
    fn run_at(&self, world: &World, program: &Arc<Program>, ctx: Addr) -> Ran {
        let mut run = Run {
            machine: &self.machine,
            cpu: Cpu(0),
            prog: program.id(),
            prog_type: program.prog_type(),
            ctx,
            task: Pid(1),
            sample: None,
            event: None,
            cookie: 0,
            user: &NoProcess,
        };
        match self.interp.run(program, &mut run) {
            Ok(_) => Ran::Well,
            Err(trap) if is_excused(&trap.kind) || is_beyond_frame(world, program, &trap) => {
                Ran::NotRun
            }
            Err(trap) => Ran::Trapped(format!("insn {}: {}", trap.at.insn.0, trap.kind)),
        }
    }

    /// Insns with the machine's addresses; none when a map is not there.
    fn resolved(&self, generated: &Generated) -> Option<Vec<Insn>> {
        let mut insns = generated.insns.clone();
        let mut at = 0;
        while at < insns.len() {
            if insns[at].code != op::LD_IMM64 {
                at += 1;
                continue;
            }
            let index = usize::try_from(insns[at].imm).ok();
            let address = match insns[at].src.0 {
                op::PSEUDO_MAP_FD => Some((*self.maps.get(index?)?)?),
                op::PSEUDO_MAP_VALUE => {
                    Some(self.value(index?)?.offset(insns.get(at + 1)?.imm.into()))
                }
                _ => None,
            };
            if let Some(address) = address {
                insns[at].src.0 = 0;
                insns[at].imm = address.0 as i32;
                insns.get_mut(at + 1)?.imm = (address.0 >> 32) as i32;
            }
            at += 2;
        }
        Some(insns)
    }
}

/// What says nothing against the verifier: skep lacks a call, or the run is long.
fn is_excused(kind: &TrapKind) -> bool {
    kind.is_unsupported()
        || matches!(
            kind,
            TrapKind::DeniedCall(..)
                | TrapKind::UnsupportedCall(..)
                | TrapKind::Budget(_)
                | TrapKind::NoProgram(_)
                | TrapKind::Unresolved(_)
        )
}

/// Whether an iterator was handed over by the frame pointer itself, which Linux takes for the first slot of the stack: it
/// then reads and writes beyond the stack, where skep traps (a listed deviation).
fn is_beyond_frame(world: &World, program: &Program, trap: &Trap) -> bool {
    let insn = program.insns().get(trap.at.insn.0 as usize);
    let kfunc =
        insn.filter(|insn| insn.code == op::JMP | op::CALL && insn.src.0 == op::PSEUDO_KFUNC_CALL);
    let id = kfunc.and_then(|insn| u32::try_from(insn.imm).ok());
    let is_iter = id.is_some_and(|id| {
        world.profile.btf.name(skep_btf::TypeId(id)).starts_with("bpf_iter_num_")
    });
    is_iter && trap.kind.to_string().contains(": this is 0 bytes past the end of frame")
}

fn types(world: &World) -> Types<'_> {
    Types { object: Some(&world.btf), kernel: &world.profile.btf, version: world.profile.version }
}

fn def(world: &World, spec: &WorldMap) -> MapDef {
    let mut def =
        MapDef::new(spec.name, spec.kind, spec.key_size, spec.value_size, spec.max_entries);
    let types = types(world);
    let value = spec.value_type.map(|value| map_fields(types, value, spec.value_size));
    def.fields = value.unwrap_or_default();
    def.flags = MapFlags::from_bits_retain(spec.flags);
    if spec.value_type.is_some() {
        def.key_type = KeyType::Int;
    }
    if spec.kind == MapType::ArrayOfMaps {
        let inner = inner_spec();
        def.inner = Some(Box::new(MapDef::new(
            inner.name,
            inner.kind,
            inner.key_size,
            inner.value_size,
            inner.max_entries,
        )));
    }
    def
}
