//! Programs run once on made-up input, as `BPF_PROG_TEST_RUN` does in Linux.

use skep_abi::{Addr, Cpu, Errno, Pid, Sample};
use skep_machine::{Machine, Run, TestResult, TestRun, TestRunError, UserMemory};

use crate::load::Loaded;
use crate::{Error, ErrorKind};

/// Who makes a test run, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// The task.
    pub(crate) task: Pid,
    /// Where the clock stands, in nanoseconds since the machine began.
    pub(crate) now: u64,
    /// The byte that all of the process's memory holds; it has none without.
    pub(crate) memory: Option<u8>,
}

impl Default for Caller {
    fn default() -> Self {
        Self { task: Pid(1), now: 1_000_000_000, memory: None }
    }
}

impl UserMemory for Caller {
    fn read(&self, _: Pid, _: u64, into: &mut [u8]) -> Result<(), Errno> {
        into.fill(self.memory.ok_or(Errno::EFAULT)?);
        Ok(())
    }
}

impl Loaded {
    /// Bytes of the context up to the last one that a program accesses: raw tracepoints and syscall programs must be
    /// given at least these.
    #[must_use]
    pub fn max_ctx_offset(&self, name: &str) -> Option<u32> {
        let tested = self.tested.get(&self.program(name)?.id())?;
        Some(tested.max_ctx_offset)
    }

    /// Runs a program on made-up input and gives what came of it.
    ///
    /// Packet programs (socket filters, traffic control, XDP, tunnels, cgroup_skb, flow dissectors), raw tracepoints
    /// and syscall programs can be run so, with the input that the kernel takes for them.
    ///
    /// ```
    /// use skep::load::Loaded;
    /// use skep::machine::{Machine, TestRun};
    /// use skep_abi::KernelVersion;
    /// use skep_object::ObjectSpec;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = include_bytes!("../../../programs/packet.bpf.o");
    /// let profile = skep::profile::shipped(KernelVersion::new(6, 12)).ok_or("a shipped profile")?;
    /// let resolved = ObjectSpec::parse("packet.bpf.o", bytes)?.resolve(&profile)?;
    /// let machine = Machine::builder().version(profile.version).btf(profile.btf.clone()).build()?;
    /// let loaded = Loaded::new(&machine, &resolved, &profile)?;
    ///
    /// let mut packet = [0; 64];
    /// packet[12..14].copy_from_slice(&0x0800_u16.to_be_bytes());
    /// packet[23] = 17;
    /// let result = loaded.test_run(&machine, "count_protocol", &TestRun::new().data(&packet))?;
    /// assert_eq!(result.retval, 2, "XDP_PASS");
    /// let packets = loaded.map("packets").ok_or("the object has a map")?;
    /// let packets = machine.user_side(packets.id).ok_or("the machine has it too")?;
    /// assert_eq!(packets.entries(), [(vec![17, 0, 0, 0], vec![1, 0, 0, 0, 0, 0, 0, 0])]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such program, when the kernel would refuse the input, and when the program traps.
    pub fn test_run(
        &self,
        machine: &Machine,
        name: &str,
        input: &TestRun<'_>,
    ) -> Result<TestResult, Error> {
        self.test_run_by(machine, name, input, Caller::default())?.map_err(|error| {
            let kind = match &error {
                TestRunError::Refused { errno: Errno::ENOTSUPP, .. } => ErrorKind::Unsupported,
                TestRunError::Refused { .. } => ErrorKind::Input,
                TestRunError::Program(_) => ErrorKind::Program,
                TestRunError::Memory(_) => ErrorKind::Environment,
            };
            Error::new(kind, format!("test run of {name}: {error}"))
        })
    }

    /// The same, made by a task of one's choice; the inner error is the machine's answer.
    pub(crate) fn test_run_by(
        &self,
        machine: &Machine,
        name: &str,
        input: &TestRun<'_>,
        caller: Caller,
    ) -> Result<Result<TestResult, TestRunError<String>>, Error> {
        let program = self
            .program(name)
            .ok_or_else(|| Error::input(format!("there is no program {name} that can run")))?;
        let tested = *self
            .tested
            .get(&program.id())
            .ok_or_else(|| Error::input(format!("program {name} was not verified")))?;
        let (task, time) = (caller.task, caller.now);
        let now = Sample { time, pid: task, tid: task, ..Sample::default() };
        let mut run_once = |cpu: Cpu, ctx: Addr| {
            let busy = machine.cpu(cpu).and_then(|cpu| cpu.enter());
            let Some(_busy) = busy else { return Err(format!("CPU {cpu} is busy")) };
            let mut run = Run {
                machine,
                cpu,
                prog: program.id(),
                prog_type: program.prog_type(),
                ctx,
                task,
                sample: Some(&now),
                event: None,
                cookie: 0,
                user: &caller,
            };
            program.execute(&mut run).map_err(|trap| trap.to_string())
        };
        Ok(machine.test_run(tested, input, &mut run_once))
    }
}
