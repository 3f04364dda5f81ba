//! The machine's side.

use std::panic::{AssertUnwindSafe, catch_unwind};

use skep::load::Loaded;
use skep::machine::{File, Machine, NewTask, NoUserMemory, Task, TestRun};
use skep::{Error, ErrorKind};
use skep_abi::Pid;
use skep_object::{KernelProfile, Resolved, ResolvedProgram};

use super::input::Input;
use super::{Contents, Ran, Side};

/// Insns that a program may take: the selftests' longest loop is far below.
const BUDGET: u64 = 1 << 28;

/// What the machine needs to know before a run.
pub(crate) struct Prepared {
    machine: Machine,
    loaded: Loaded,
}

impl Prepared {
    /// Bytes of the context that the program accesses.
    pub(crate) fn ctx_size(&self, program: &ResolvedProgram) -> u32 {
        self.loaded.max_ctx_offset(&program.name).unwrap_or(0)
    }
}

/// Loads a program with fresh maps.
pub(crate) fn prepare(
    profile: &KernelProfile,
    resolved: &Resolved,
    program: &ResolvedProgram,
    may_read_uninit: bool,
) -> Result<Prepared, Side> {
    guarded(|| {
        let machine = Machine::builder()
            .cpus(skep_host::possible_cpus())
            .version(profile.version)
            .btf(profile.btf.clone())
            .build()
            .map_err(|e| Side::Unsupported(e.to_string()))?;
        let index = resolved.programs.iter().position(|other| std::ptr::eq(other, program));
        let wanted: Vec<usize> = index.into_iter().collect();
        let loaded = Loaded::only(&machine, resolved, profile, &wanted).map_err(|e| side(&e))?;
        loaded.interp.set_budget(BUDGET);
        loaded.interp.set_allow_uninit_stack(may_read_uninit);
        if let Some((_, why)) = loaded.unusable.iter().find(|(name, _)| *name == program.name) {
            return Err(side(why));
        }
        Ok(Prepared { machine, loaded })
    })
}

/// Runs it.
pub(crate) fn run(prepared: &Prepared, program: &ResolvedProgram, input: &Input) -> Side {
    let ran = guarded(|| match input {
        Input::NewTask => prepared.fire(program),
        Input::TestRun { data, ctx } => prepared.test_run(program, data, ctx),
    });
    ran.map_or_else(|side| side, Side::Ran)
}

impl Prepared {
    fn test_run(&self, program: &ResolvedProgram, data: &[u8], ctx: &[u8]) -> Result<Ran, Side> {
        let mut run = TestRun::new().data(data);
        if !ctx.is_empty() {
            run = run.ctx(ctx);
        }
        let result = self.loaded.test_run(&self.machine, &program.name, &run);
        let result = result.map_err(|e| side(&e))?;
        let maps = self.contents();
        Ok(Ran { retval: result.retval, data: result.data, ctx: result.ctx, maps })
    }

    /// The process that runs this makes a task, as on the kernel.
    fn fire(&self, program: &ResolvedProgram) -> Result<Ran, Side> {
        let machine = &self.machine;
        let prog = self.loaded.program(&program.name);
        let prog = prog.ok_or_else(|| Side::Refused("not loaded".to_owned()))?;
        let link = machine.raw_tracepoint_open(None, &File::from(prog), 0);
        let link = link.map_err(|errno| Side::Refused(format!("not attached: {errno}")))?;
        let own = Pid(std::process::id());
        machine.tasks().insert(Task::new(own, own, "xtask"));
        machine.new_task(&NewTask::fork(own, Pid(own.0 + 1)), &NoUserMemory);
        drop(link);
        if let Some(trap) = prog.first_trap() {
            return Err(Side::Trapped(trap.to_string()));
        }
        if prog.counters().now().runs != 1 {
            return Err(Side::Refused("not run: the new task does not fire it".to_owned()));
        }
        if let Some(object) = machine.leaked_objects().first() {
            return Err(Side::Trapped(format!("it leaves {object}")));
        }
        Ok(Ran { maps: self.contents(), ..Ran::default() })
    }

    /// What maps that can be compared hold.
    fn contents(&self) -> Vec<Contents> {
        let maps = self.loaded.maps.iter().filter_map(|map| {
            super::compare::is_comparable(&map.spec).then_some(())?;
            let mut entries = self.machine.user_side(map.id)?.entries();
            entries.sort();
            Some((map.spec.name.clone(), entries))
        });
        maps.collect()
    }
}

fn guarded<T>(act: impl FnOnce() -> Result<T, Side>) -> Result<T, Side> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Side::Trapped(format!("skep panicked: {}", text.unwrap_or_default())))
    })
}

fn side(error: &Error) -> Side {
    let text = error.message.clone();
    match error.kind {
        ErrorKind::Unsupported => Side::Unsupported(text),
        ErrorKind::Program if text.starts_with("test run") => Side::Trapped(text),
        _ => Side::Refused(text),
    }
}
