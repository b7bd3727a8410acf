from omnic_stream.cli.main import main

if __name__ == "__main__":
    main()
