//! Programs run once on made-up input, as `BPF_PROG_TEST_RUN` does in Linux.

use skep_abi::{Addr, Cpu, Errno, Pid, Sample};
use skep_machine::{Machine, Run, TestResult, TestRun, TestRunError, UserMemory};

use crate::load::Loaded;
use crate::{Error, ErrorKind};

/// The task that test runs are made in.
const TASK: Pid = Pid(1);

/// Where the clock stands, in nanoseconds since the machine began.
const NOW: u64 = 1_000_000_000;

/// A process without memory.
struct NoProcess;

impl UserMemory for NoProcess {
    fn read(&self, _: Pid, _: u64, _: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
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
        let program = self
            .program(name)
            .ok_or_else(|| Error::input(format!("there is no program {name} that can run")))?;
        let tested = *self
            .tested
            .get(&program.id())
            .ok_or_else(|| Error::input(format!("program {name} was not verified")))?;
        let now = Sample { time: NOW, pid: TASK, tid: TASK, ..Sample::default() };
        let mut run_once = |cpu: Cpu, ctx: Addr| {
            let busy = machine.cpu(cpu).and_then(|cpu| cpu.enter());
            let Some(_busy) = busy else { return Err(format!("CPU {cpu} is busy")) };
            let mut run = Run {
                machine,
                cpu,
                prog: program.id(),
                prog_type: program.prog_type(),
                ctx,
                task: TASK,
                sample: Some(&now),
                event: None,
                cookie: 0,
                user: &NoProcess,
            };
            program.execute(&mut run).map_err(|trap| trap.to_string())
        };
        machine.test_run(tested, input, &mut run_once).map_err(|error| {
            let kind = match &error {
                TestRunError::Refused { errno: Errno::ENOTSUPP, .. } => ErrorKind::Unsupported,
                TestRunError::Refused { .. } => ErrorKind::Input,
                TestRunError::Program(_) => ErrorKind::Program,
                TestRunError::Memory(_) => ErrorKind::Environment,
            };
            Error::new(kind, format!("test run of {name}: {error}"))
        })
    }
}
