//! `enum perf_event_sample_format`: what a record of a sample holds.

bitflags::bitflags! {
    /// Bits of `sample_type`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SampleType: u64 {
        /// Instruction address.
        const IP = 1 << 0;
        /// Process and thread.
        const TID = 1 << 1;
        /// Time.
        const TIME = 1 << 2;
        /// Data address.
        const ADDR = 1 << 3;
        /// The event's value.
        const READ = 1 << 4;
        /// Kernel and user stack, with markers.
        const CALLCHAIN = 1 << 5;
        /// Number of the event; for a child's copy, of the event that it was inherited from.
        const ID = 1 << 6;
        /// CPU.
        const CPU = 1 << 7;
        /// Period.
        const PERIOD = 1 << 8;
        /// Number of the event itself.
        const STREAM_ID = 1 << 9;
        /// Raw data.
        const RAW = 1 << 10;
        /// Branch stack.
        const BRANCH_STACK = 1 << 11;
        /// Registers of user space.
        const REGS_USER = 1 << 12;
        /// Bytes of the user stack.
        const STACK_USER = 1 << 13;
        /// Weight.
        const WEIGHT = 1 << 14;
        /// Source of the data.
        const DATA_SRC = 1 << 15;
        /// Number of the event, at a place that does not depend on the other bits.
        const IDENTIFIER = 1 << 16;
        /// Why a transaction ended.
        const TRANSACTION = 1 << 17;
        /// Registers at the interrupt.
        const REGS_INTR = 1 << 18;
        /// Physical data address.
        const PHYS_ADDR = 1 << 19;
        /// AUX data.
        const AUX = 1 << 20;
        /// cgroup id.
        const CGROUP = 1 << 21;
        /// Page size of the data address.
        const DATA_PAGE_SIZE = 1 << 22;
        /// Page size of the instruction address.
        const CODE_PAGE_SIZE = 1 << 23;
        /// Weight in three parts.
        const WEIGHT_STRUCT = 1 << 24;
    }
}
