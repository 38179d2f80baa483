//! What a stream tells of itself.

/// What a stream has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamStats {
    /// Packets taken.
    pub packets: u64,
    /// Packets that came after their turn, or twice.
    pub late: u64,
    /// Packets that were missing when their turn had passed.
    pub lost: u64,
    /// Lost packets restored from the redundancy in their successor (in-band FEC, RFC 6716 section 2.1.7).
    pub recovered: u64,
    /// Samples made up because a packet was lost or late. The end of a talk and its pauses do not count.
    pub concealed_samples: u64,
    /// Samples left out to come closer to now.
    pub cut_samples: u64,
    /// Samples of silence put in so that packets are in time.
    pub stretched_samples: u64,
    /// Packets that were no Opus.
    pub broken: u64,
    /// Samples from the arrival of the last packet to its first sample: how deep the jitter buffer is.
    pub depth_samples: usize,
    /// Samples that the first packet of a talk would wait now: what the jitter buffer aims at.
    pub target_samples: usize,
}
