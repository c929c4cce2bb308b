"""党员队伍建设形势分析: what a branch's months come to, counted and never judged. Each noun reads
its own figures in a fixed number of queries, whatever the number of members."""
