-------------------------------- MODULE Group --------------------------------
(* Who fences, and when: one partition, the group that gives it to one of its members, and workers that start, are    *)
(* paused, and join again after they were fenced. What a fence does to state and outputs is in Partition.tla, which    *)
(* lets anyone fence at any time: nothing is lost by it. Here it is about work that a late fence costs another worker. *)
(* A request to fence is on its way for any time, and can't be called back.                                            *)
EXTENDS FiniteSets, Integers

CONSTANTS Workers,
          MaxPauses,  \* how many pauses beyond the session's timeout a run has
          Without     \* the guard that is taken out, or "nothing"

VARIABLES members,   \* of the group
          forming,   \* whether the group shares out anew
          here,      \* members that take part in that already
          given,     \* to whom the partition was given last
          believes,  \* workers that take the partition for their own
          pc,        \* by worker: out of the group, idle, wanting to fence, asking to, working
          requests,  \* workers whose request to fence is on its way
          writer,    \* whose request arrived last: nobody else can write
          paused, pauses,
          harmed     \* whether a worker that was told right was fenced by one that was not
vars == <<members, forming, here, given, believes, pc, requests, writer, paused, pauses, harmed>>
Nobody == "nobody"
Has(guard) == Without # guard
Awake(w) == w \notin paused

Init == /\ members = {} /\ forming = FALSE /\ here = {} /\ given = Nobody /\ believes = {} /\ requests = {}
        /\ pc = [w \in Workers |-> "out"] /\ writer = Nobody /\ paused = {} /\ pauses = 0 /\ harmed = FALSE

----------------------------------------------------------------------------- \* The group
Join(w) == /\ pc[w] = "out" /\ Awake(w) /\ w \notin requests
           /\ members' = members \union {w} /\ forming' = TRUE /\ here' = (IF forming THEN here ELSE {}) \union {w}
           /\ pc' = [pc EXCEPT ![w] = "idle"]
           /\ UNCHANGED <<given, believes, requests, writer, paused, pauses, harmed>>
Revoke(w) ==    \* it is told that the group shares out anew, lets go, and takes part
    /\ forming /\ w \in members \ here /\ Awake(w) /\ (Has("revocation waits") => w \notin requests)
    /\ here' = here \union {w} /\ believes' = believes \ {w}
    /\ UNCHANGED <<members, forming, given, pc, requests, writer, paused, pauses, harmed>>
Share ==    \* those that sleep are left out, and don't know
    /\ forming /\ (\A w \in members : w \in here \/ ~Awake(w)) /\ here # {}
    /\ \E w \in here :
        /\ given' = w /\ believes' = (believes \ here) \union {w}
        /\ pc' = [v \in Workers |-> IF v \notin here THEN pc[v]
                                    ELSE IF v = w THEN (IF pc[v] = "working" THEN "working" ELSE "wanting")
                                    ELSE IF pc[v] = "wanting" /\ ~Has("fence as current") THEN "wanting"
                                    ELSE "idle"]
    /\ members' = here /\ forming' = FALSE /\ here' = {}
    /\ UNCHANGED <<requests, writer, paused, pauses, harmed>>
Leave(w) ==    \* of one that was fenced, or that the group no longer knows
    /\ Awake(w) /\ pc[w] # "out" /\ w \notin requests
    /\ (pc[w] = "working" /\ writer # w) \/ w \notin members
    /\ members' = members \ {w} /\ here' = here \ {w} /\ believes' = believes \ {w}
    /\ forming' = (members' # {} /\ (forming \/ w \in members))
    /\ pc' = [pc EXCEPT ![w] = "out"] /\ UNCHANGED <<given, requests, writer, paused, pauses, harmed>>

----------------------------------------------------------------------------- \* Fencing
Ask(w) == /\ pc[w] = "wanting" /\ Awake(w) /\ w \notin requests /\ (Has("fence as current") => w \in believes)
          /\ requests' = requests \union {w} /\ pc' = [pc EXCEPT ![w] = "asking"]
          /\ UNCHANGED <<members, forming, here, given, believes, writer, paused, pauses, harmed>>
Arrive(w) == /\ w \in requests /\ requests' = requests \ {w} /\ writer' = w
             /\ pc' = [pc EXCEPT ![w] = IF @ = "asking" THEN "working" ELSE @]
             /\ harmed' = (harmed \/ (writer # w /\ writer = given /\ writer \in believes))
             /\ UNCHANGED <<members, forming, here, given, believes, paused, pauses>>

Pause(w) == /\ pauses < MaxPauses /\ Awake(w) /\ pc[w] # "out" /\ paused' = paused \union {w} /\ pauses' = pauses + 1
            /\ forming' = TRUE    \* the group misses it
            /\ UNCHANGED <<members, here, given, believes, pc, requests, writer, harmed>>
Wake(w) == /\ ~Awake(w) /\ paused' = paused \ {w}
           /\ UNCHANGED <<members, forming, here, given, believes, pc, requests, writer, pauses, harmed>>

Step(w) == Join(w) \/ Revoke(w) \/ Leave(w) \/ Ask(w) \/ Wake(w)
Next == Share \/ \E w \in Workers : Step(w) \/ Arrive(w) \/ Pause(w)
Spec == /\ Init /\ [][Next]_vars /\ WF_vars(Share)
        /\ \A w \in Workers : WF_vars(Step(w)) /\ WF_vars(Arrive(w))

----------------------------------------------------------------------------- \* Promises
NobodyIsHarmed == pauses = 0 => ~harmed    \* workers that start together leave each other's work alone
OneWorks == writer \in Workers /\ pc[writer] = "working" /\ given = writer /\ writer \in believes /\ ~forming
Settles == <>[]OneWorks    \* when pauses end, one works, and nobody fences it any more
=============================================================================
