------------------------------ MODULE Partition ------------------------------
(* How the state, the outputs and the position of one partition of one stage stay together while its owners come,    *)
(* go, pause and crash. docs/guarantees.md says which action is which function, and what is left out.                *)
(*                                                                                                                   *)
(* The input is the records 1..Records. Folding is remembering: the state after a stretch is the sequence of records *)
(* folded, so that one that was folded twice, or not at all, shows. Each record has one output: the state after it.  *)
(* A paused owner is one that takes no step for a while.                                                             *)
EXTENDS Integers, Sequences, TLC

CONSTANTS Owners, Records,
          MaxFaults,   \* how many crashes, pauses, refusals and the like a run has, together
          Without,     \* the guard that is taken out, or "nothing"
          AsksTwice,   \* whether a client asks for a commit again while its first request may still be on its way
          EndsInDoubt  \* whether an owner that has asked twice writes no more, and ends

VARIABLES epoch,  \* the coordinator's: the newest that it gave to an owner
          open,   \* the coordinator's: epochs with an open transaction
          asked,  \* commit requests on their way to the coordinator
          state,  \* log of the state topic: markers, entries, positions, each with its transaction
          out,    \* log of the outputs, likewise
          group,  \* the group's committed offset, which decides nothing: it moves only where it is let
          owner,  \* by name: what a process that may own the partition has in memory
          faults
broker == <<epoch, open, asked, state, out, group>>
vars == <<broker, owner, faults>>
Symmetric == Permutations(Owners)
Has(guard) == Without # guard

----------------------------------------------------------------------------- \* Logs
(* A record's transaction is the epoch that it is open in, or what became of it. *)
Committed == 0
Aborted == -1
Decided(log, which, how) == [i \in DOMAIN log |-> IF log[i].tx \in which THEN [log[i] EXCEPT !.tx = how] ELSE log[i]]
Readable(log) == SelectSeq(log, LAMBDA record : record.tx = Committed)
Newest(log, key, otherwise) == LET these == SelectSeq(log, LAMBDA record : record.key = key)
                               IN IF these = <<>> THEN otherwise ELSE these[Len(these)].value
Entries(log) == Newest(log, "entries", <<>>)
Position(log) == Newest(log, "position", [next |-> 0, checkpoint |-> 0])
Place == Position(Readable(state))    \* how far the partition has come, to all the world
(* Compaction may come at any time: here at once, unless somebody may stop at an older marker. *)
Compacted(log) ==
    LET newer(i) == {j \in (i + 1)..Len(log) : log[j].key = log[i].key /\ log[j].tx = Committed}
        kept == SelectSeq([i \in DOMAIN log |-> i], LAMBDA i : log[i].tx # Committed \/ newer(i) = {})
    IN IF Has("own marker") THEN [n \in DOMAIN kept |-> log[kept[n]]] ELSE log
Stretch(from, to) == [i \in 1..(to - from) |-> from + i]
Fold(to) == Stretch(0, to)

Nobody == [pc |-> "down", epoch |-> 0, memory |-> <<>>, next |-> 0, sent |-> 0, checkpoint |-> 0, flush |-> "none",
           whole |-> FALSE, doubt |-> FALSE, fetcher |-> [at |-> Records, old |-> TRUE], batch |-> <<>>]
Is(o, pc) == owner[o].pc = pc
IsUp(o) == ~Is(o, "down")
Fenced(o) == Has("fencing") /\ owner[o].epoch # epoch
IsOpen(o) == owner[o].epoch \in open
Put(o, changes) == owner' = [owner EXCEPT ![o] = changes @@ @]
End(o) == owner' = [owner EXCEPT ![o] = Nobody]
Fault == faults < MaxFaults /\ faults' = faults + 1
(* Aborted records stay in a real log. Here they go, unless there is somebody who reads them. *)
Abort(which) == LET undone(log) == IF Has("read committed") THEN SelectSeq(log, LAMBDA record : record.tx \notin which)
                                                            ELSE Decided(log, which, Aborted)
                IN open' = open \ which /\ state' = undone(state) /\ out' = undone(out)
(* A request of an older epoch is refused when it arrives: here at once. *)
NewEpoch == epoch' = epoch + 1 /\ asked' = IF Has("fencing") THEN {} ELSE asked

----------------------------------------------------------------------------- \* Recovery: fence, mark, read, checkpoint
Fence(o) == /\ Is(o, "down") /\ NewEpoch /\ Abort(IF Has("fencing") THEN open ELSE {}) /\ UNCHANGED group
            /\ owner' = [owner EXCEPT ![o] = [Nobody EXCEPT !.pc = "marking", !.epoch = epoch + 1]]
Start(o) == (\A p \in Owners : ~IsUp(p)) /\ Fence(o) /\ UNCHANGED faults
TakeOver(o) == (\E p \in Owners : IsUp(p)) /\ Fence(o) /\ Fault    \* from one that is paused, or not yet told
Recover(o) ==
    LET name == IF Has("own marker") THEN owner[o].epoch ELSE 0
        marked == Compacted(Append(state, [tx |-> Committed, key |-> "marker", value |-> name]))
        end == CHOOSE i \in DOMAIN marked : /\ marked[i].key = "marker" /\ marked[i].value = name
                                            /\ \A j \in 1..(i - 1) : marked[j].key # "marker"
        seen == SubSeq(IF Has("read committed") THEN Readable(marked) ELSE marked, 1, end)
        place == IF Has("position from the state") THEN Position(seen) ELSE [next |-> group, checkpoint |-> group]
        tail == IF Has("tail folded again") THEN Stretch(place.checkpoint, place.next) ELSE <<>>
    IN /\ Is(o, "marking")
       /\ \A i \in DOMAIN state : state[i].tx \in {Committed, Aborted}    \* the log is stable up to the marker
       /\ IF Fenced(o) THEN End(o) /\ UNCHANGED state
          ELSE /\ state' = marked
               /\ Put(o, [pc |-> "restoring", memory |-> Entries(seen) \o tail, next |-> place.next,
                          sent |-> place.next, checkpoint |-> place.checkpoint])
       /\ UNCHANGED <<epoch, open, asked, out, group, faults>>

----------------------------------------------------------------------------- \* Fetching, ahead of the work; the work
(* A seek makes old what was fetched before it, and so does a refusal. *)
Seek(o) == /\ Is(o, "ready") /\ owner[o].fetcher.old
           /\ Put(o, [fetcher |-> [at |-> owner[o].next, old |-> FALSE]]) /\ UNCHANGED <<broker, faults>>
Fetch(o) == /\ IsUp(o) /\ owner[o].batch = <<>> /\ UNCHANGED <<broker, faults>>
            /\ \E end \in (owner[o].fetcher.at + 1)..Records :
                 Put(o, [fetcher |-> [owner[o].fetcher EXCEPT !.at = end],
                         batch |-> <<[start |-> owner[o].fetcher.at, end |-> end, old |-> owner[o].fetcher.old]>>])
Take(o) == /\ Is(o, "ready") /\ owner[o].batch # <<>> /\ owner[o].next = owner[o].sent /\ owner[o].flush # "outputs"
           /\ LET batch == owner[o].batch[1]
                  next == owner[o].next
              IN IF batch.old /\ Has("seek stamp") THEN Put(o, [batch |-> <<>>])
                 ELSE IF batch.start > next THEN Put(o, [pc |-> "gap"])    \* it ends: input seems to be missing
                 ELSE IF batch.end <= next THEN Put(o, [batch |-> <<>>])
                 ELSE Put(o, [batch |-> <<>>, memory |-> owner[o].memory \o Stretch(next, batch.end),
                              next |-> batch.end])
           /\ UNCHANGED <<broker, faults>>

----------------------------------------------------------------------------- \* A flush
Flush(o) ==    \* begin, and outputs
    LET me == owner[o]
        new == me.next - me.sent
        outputs == [i \in 1..new |-> [tx |-> me.epoch, value |-> SubSeq(me.memory, 1, Len(me.memory) - new + i)]]
    IN /\ me.flush = "none" /\ UNCHANGED <<epoch, asked, state, group, faults>>
       /\ Is(o, "restoring") \/ (me.pc \in {"ready", "suspended"} /\ (new > 0 \/ me.next # me.checkpoint))
       /\ IF Fenced(o) THEN End(o) /\ UNCHANGED <<open, out>>
          ELSE /\ open' = open \union {me.epoch} /\ out' = out \o outputs
               /\ \E whole \in (IF new = 0 THEN {TRUE} ELSE BOOLEAN) :    \* whole: with entries, a checkpoint
                      Put(o, [flush |-> "outputs", whole |-> whole, sent |-> me.next])
Write(o) ==    \* state entries, position; the commit is asked for, and meanwhile one more batch may be folded
    LET me == owner[o]
        entries == [tx |-> me.epoch, key |-> "entries", value |-> me.memory]
        position == [tx |-> IF Has("position in the transaction") THEN me.epoch ELSE Committed, key |-> "position",
                     value |-> [next |-> me.sent, checkpoint |-> IF me.whole THEN me.sent ELSE me.checkpoint]]
    IN /\ me.flush = "outputs" /\ UNCHANGED <<epoch, open, out, group, faults>>
       /\ IF Fenced(o) \/ ~IsOpen(o) THEN End(o) /\ UNCHANGED <<state, asked>>
          ELSE /\ state' = state \o (IF me.whole THEN <<entries, position>> ELSE <<position>>)
               /\ asked' = asked \union {[epoch |-> me.epoch, again |-> FALSE]}
               /\ Put(o, [flush |-> "asked"])
Commit(request) ==    \* a request names no transaction: what is open in its epoch becomes real
    LET its(o) == owner[o].epoch = request.epoch /\ owner[o].flush = "asked" /\ (request.again => owner[o].doubt)
    IN /\ asked' = asked \ {request} /\ open' = open \ {request.epoch} /\ UNCHANGED <<epoch, group, faults>>
       /\ state' = Compacted(Decided(state, {request.epoch}, Committed))
       /\ out' = Decided(out, {request.epoch}, Committed)
       /\ owner' = [o \in Owners |-> IF its(o) THEN [owner[o] EXCEPT !.flush = "done"] ELSE owner[o]]
Answer(o) ==
    LET me == owner[o]
    IN /\ UNCHANGED <<broker, faults>> /\ (me.flush = "done" \/ (me.flush = "asked" /\ Fenced(o)))
       /\ IF me.flush = "asked" \/ (me.doubt /\ EndsInDoubt) THEN End(o)
          ELSE Put(o, [pc |-> IF Is(o, "restoring") THEN "ready" ELSE me.pc,
                       flush |-> "none", whole |-> FALSE, doubt |-> FALSE,
                       checkpoint |-> IF me.whole THEN me.sent ELSE me.checkpoint])

----------------------------------------------------------------------------- \* Refused, revoked, and worse
Refuse(o) ==    \* of a suspended one, nothing is needed any more
    LET me == owner[o]
        request == [epoch |-> me.epoch, again |-> FALSE]
    IN /\ Fault /\ IsOpen(o) /\ ~me.doubt /\ UNCHANGED <<epoch, open, state, out, group>>
       /\ me.flush = "outputs" \/ (me.flush = "asked" /\ request \in asked)    \* it was never sent
       /\ asked' = asked \ {request}
       /\ IF Is(o, "suspended") THEN End(o)
          ELSE Put(o, [pc |-> "refused", flush |-> "none", whole |-> FALSE,
                       fetcher |-> [me.fetcher EXCEPT !.old = TRUE],
                       batch |-> [i \in DOMAIN me.batch |-> [me.batch[i] EXCEPT !.old = TRUE]]])
RecoverAgain(o) ==    \* by the same owner, which doesn't fence: memory goes, the transaction is aborted
    /\ Is(o, "refused") /\ UNCHANGED <<epoch, asked, group, faults>>
    /\ IF Fenced(o) THEN End(o) /\ UNCHANGED <<open, state, out>>
       ELSE /\ Abort({owner[o].epoch})
            /\ IF ~Has("memory dropped") THEN Put(o, [pc |-> "ready"])
               ELSE Put(o, [pc |-> "marking", memory |-> <<>>, next |-> 0, sent |-> 0, checkpoint |-> 0])
Suspend(o) == /\ Fault /\ Is(o, "ready") /\ owner[o].next = owner[o].sent /\ UNCHANGED broker
              /\ Put(o, [pc |-> "suspended", batch |-> <<>>, fetcher |-> Nobody.fetcher])
Close(o) == /\ Is(o, "suspended") /\ owner[o].flush = "none" /\ owner[o].checkpoint = owner[o].next
            /\ End(o) /\ UNCHANGED <<broker, faults>>
Crash(o) == Fault /\ IsUp(o) /\ End(o) /\ UNCHANGED broker    \* its request may be on its way; so it is with no answer
Timeout == Fault /\ open # {} /\ NewEpoch /\ Abort(open) /\ UNCHANGED <<owner, group>>    \* the coordinator's
AskAgain(o) == /\ AsksTwice /\ Fault /\ owner[o].flush = "asked" /\ ~owner[o].doubt /\ Put(o, [doubt |-> TRUE])
               /\ asked' = asked \union {[epoch |-> owner[o].epoch, again |-> TRUE]}
               /\ UNCHANGED <<epoch, open, state, out, group>>
CommitToGroup(o) == /\ ~Has("position from the state") /\ Is(o, "ready") /\ owner[o].flush = "none"
                    /\ group' = owner[o].sent /\ UNCHANGED <<epoch, open, asked, state, out, owner, faults>>

-----------------------------------------------------------------------------
Init == /\ epoch = 0 /\ open = {} /\ asked = {} /\ state = <<>> /\ out = <<>> /\ group = 0 /\ faults = 0
        /\ owner = [o \in Owners |-> Nobody]
Work(o) == \/ Start(o) \/ Recover(o) \/ Seek(o) \/ Fetch(o) \/ Take(o) \/ Flush(o) \/ Write(o) \/ Answer(o)
           \/ RecoverAgain(o) \/ Close(o)
Mishap(o) == TakeOver(o) \/ Refuse(o) \/ Suspend(o) \/ Crash(o) \/ AskAgain(o)
Handle == \E request \in asked : Commit(request)
Next == (\E o \in Owners : Work(o) \/ Mishap(o) \/ CommitToGroup(o)) \/ Handle \/ Timeout
Spec == Init /\ [][Next]_vars /\ WF_vars(Handle) /\ \A o \in Owners : WF_vars(Work(o))

----------------------------------------------------------------------------- \* Promises
EachOutputOnce ==    \* none twice, none skipped: a reader sees the outputs of the stretch up to the position
    LET seen == Readable(out) IN [i \in DOMAIN seen |-> seen[i].value] = [i \in 1..Place.next |-> Fold(i)]
StateIsTheFold == Entries(Readable(state)) = Fold(Place.checkpoint)
MemoryIsTheFold ==
    \A o \in Owners : owner[o].pc \in {"restoring", "ready", "suspended"} => owner[o].memory = Fold(owner[o].next)
RecoveryReadsTheNewest ==
    \A o \in Owners : Is(o, "restoring") /\ owner[o].flush = "none" /\ ~Fenced(o) => owner[o].next = Place.next
OneCanWrite == \A a, b \in Owners : IsUp(a) /\ IsUp(b) /\ ~Fenced(a) /\ ~Fenced(b) => a = b
NothingSeemsLost == \A o \in Owners : ~Is(o, "gap")
OnlyTheNewestWrites ==    \* what becomes open, or real, does so in the newest epoch
    [][(open' \ open) \union (IF out' # out \/ Place' # Place THEN open \ open' ELSE {}) \subseteq {epoch}]_vars
AllIsWorkedOn == <>[](Place.next = Records)
=============================================================================
